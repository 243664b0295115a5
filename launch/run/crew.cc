// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/run/crew.h"

#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <fstream>
#include <utility>

#include "ipc/failure.h"
#include "sandbox/sandbox.h"

namespace interimap {

namespace {

// Packets read from one worker before the others have their turn.
constexpr int kPacketsInTurn = 64;

bool isStopped(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string stat;
  std::getline(file, stat);
  auto after = stat.rfind(')');  // the name before may hold anything
  return after != stat.npos && after + 2 < stat.size() && (stat[after + 2] == 'T' || stat[after + 2] == 't');
}

}  // namespace

std::string Member::name() const {
  std::string name(roleName(role));
  if (idles()) return name + "/idle" + std::to_string(number - kMostCopying);
  return isExtra() ? name + "/" + std::to_string(number) : name;
}

Member& Crew::add(const std::string& workers, Role role, std::vector<Descriptor> peers, unsigned number,
                  Inherits inherits) {
  Member member{.role = role, .number = number, .worker = {}};
  member.worker = spawn(workers, role, member.name(), std::move(peers), inherits);
  return members_.emplace_back(std::move(member));
}

Member& Crew::sync() { return *std::ranges::find(members_, Role::sync, &Member::role); }

bool Crew::running() const { return !std::ranges::all_of(members_, &Member::gone); }

bool Crew::allWell() const {
  return std::ranges::none_of(
      members_, [](const Member& m) { return !m.isPassing() && (m.gone || isStopped(m.worker.pid)); });
}

bool Crew::hasExtra(Role role) const {
  return std::ranges::any_of(members_,
                             [&](const Member& m) { return m.role == role && m.isExtra() && !m.gone; });
}

std::optional<Crew::Clock::time_point> Crew::due() const {
  std::optional<Clock::time_point> first;
  for (const Member& member : members_)
    if (!member.gone && member.killAt && (!first || *member.killAt < *first)) first = member.killAt;
  return first;
}

void Crew::watch(std::vector<pollfd>& fds) const {
  for (const Member& member : members_) {
    fds.push_back({member.worker.spoken.fd(), POLLIN, 0});
    const auto& channel = member.worker.channel;
    short events = channel && channel->sending() ? POLLIN | POLLOUT : POLLIN;
    fds.push_back({channel ? channel->fd() : -1, events, 0});
  }
}

void Crew::serve(const pollfd* fds) {
  for (Member& member : members_) {
    if (fds->revents) leader_.spoke(member, member.worker.spoken.lines());
    ++fds;
    if (fds->revents & POLLOUT) flush(member);
    if (fds->revents & (POLLIN | POLLHUP | POLLERR)) receive(member);
    ++fds;
  }
}

void Crew::receive(Member& member) {
  try {
    for (int packets = 0; packets < kPacketsInTurn && member.worker.channel; ++packets) {
      auto packet = member.worker.channel->receive();
      if (!packet) return;
      leader_.heard(member, readReport(std::move(*packet)));
    }
  } catch (const PeerGone&) {
    member.worker.channel.reset();
  } catch (const PeerViolation& violated) {
    violation(member, violated.what());
  }
}

void Crew::violation(Member& member, const char* what) {
  member.worker.channel.reset();
  member.violated = true;
  leader_.violated(member, what);
  if (!member.gone) kill(member.worker.pid, SIGKILL);
}

void Crew::send(Member& member, Order order) {
  if (!member.worker.channel) return;
  try {
    Packet packet = pack(std::move(order));
    if (packet.words.size() * sizeof packet.words[0] > Channel::kMostBytes)
      throw Failure(ExitStatus::config, "configuration and arguments are too long together");
    member.worker.channel->send(std::move(packet));
  } catch (const PeerGone&) {
    receive(member);  // it may have left a word
  }
}

void Crew::flush(Member& member) {
  if (!member.worker.channel) return;
  try {
    member.worker.channel->flush();
  } catch (const PeerGone&) {
    receive(member);
  }
}

void Crew::reap() {
  for (Member& member : members_) {
    int status = 0;
    if (!member.gone && waitpid(member.worker.pid, &status, WNOHANG) == member.worker.pid)
      bury(member, status);
  }
}

void Crew::bury(Member& member, int waitStatus) {
  member.gone = true;
  leader_.spoke(member, member.worker.spoken.lastLines());
  // Its last words. Not up to the channel's end: a grandchild may hold that open.
  while (member.worker.channel) {
    pollfd more{member.worker.channel->fd(), POLLIN, 0};
    if (poll(&more, 1, 0) <= 0) break;
    receive(member);
  }
  member.worker.channel.reset();
  leader_.gone(member, {member.said, waitStatus, sandbox::readObituary(member.worker.obituary.get()),
                        member.killed || member.violated});
}

void Crew::hurry(Member& member, Clock::duration patience) {
  auto at = Clock::now() + patience;
  if (!member.gone && (!member.killAt || at < *member.killAt)) member.killAt = at;
}

void Crew::killLate() {
  for (Member& member : members_) {
    if (member.gone || member.killed || !member.killAt || Clock::now() < *member.killAt) continue;
    member.killed = true;
    leader_.late(member);
    kill(member.worker.pid, SIGKILL);
    member.killAt.reset();
  }
}

void Crew::dismiss() {
  std::erase_if(members_, [](const Member& m) { return m.gone && m.isPassing(); });
}

}  // namespace interimap
