// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/run/siblings.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <initializer_list>

#include "ipc/shortage.h"
#include "launch/run/outcome.h"
#include "launch/run/process.h"

namespace interimap {

namespace {

using namespace std::chrono_literals;
using Clock = Service::Clock;

[[noreturn]] void fail(const char* what) { throw systemFailure(what, errno); }

int live(const std::string& name, const Siblings::Life& life, Service& service) {
  try {
    return life(name, service);
  } catch (const std::exception&) {
    return static_cast<int>(ExitStatus::internal);
  }
}

int statusOf(int waitStatus) {
  return WIFEXITED(waitStatus) ? WEXITSTATUS(waitStatus) : static_cast<int>(ExitStatus::internal);
}

}  // namespace

int gravest(std::span<const int> statuses) {
  using enum ExitStatus;
  for (ExitStatus each : {internal, ExitStatus{kInterrupted}, usage, config, noPermission, protocol,
                          cantCreate, io, data, unavailable, tryAgain})
    if (std::ranges::find(statuses, static_cast<int>(each)) != statuses.end()) return static_cast<int>(each);
  bool allDone = std::ranges::all_of(statuses, [](int status) { return status == 0; });
  return static_cast<int>(allDone ? ok : internal);
}

int Siblings::run(const std::vector<std::string>& names, const Life& life) {
  // From before the fork on: one that is told to stop before it listens shall hear of it all the same.
  block(kPassedOn);
  try {
    for (const std::string& name : names) start(name, life);
  } catch (const Failure&) {
    signal(kPassedOn.terminate);
    while (running()) wait();
    throw;
  }
  tell();
  while (running()) wait();
  std::vector<int> statuses;
  for (const Sibling& sibling : all_) statuses.push_back(sibling.exitStatus);
  return gravest(statuses);
}

void Siblings::start(const std::string& name, const Life& life) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) fail("socketpair");
  Descriptor ours(ends[0]), theirs(ends[1]);
  pid_t parent = getpid(), pid = fork();
  if (pid < 0) fail("fork");
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, kPassedOn.terminate);
    if (getppid() != parent) _exit(0);
    all_.clear();
    ours = {};
    Service service(std::move(theirs), service_.watchdog());
    _exit(live(name, life, service));
  }
  all_.push_back({.name = name, .pid = pid, .words = std::move(ours), .alive = Clock::now()});
}

void Siblings::signal(int number) {
  for (const Sibling& sibling : all_)
    if (!sibling.gone) kill(sibling.pid, number);
}

bool Siblings::running() const { return !std::ranges::all_of(all_, &Sibling::gone); }

// Each tells twice in the manager's time that it is alive.
bool Siblings::well(Clock::time_point now) const {
  return std::ranges::all_of(
      all_, [&](const Sibling& each) { return each.gone || now - each.alive <= service_.watchdog(); });
}

void Siblings::wait() {
  std::vector<pollfd> fds{{signals_.fd(), POLLIN, 0}};
  for (const Sibling& sibling : all_) fds.push_back({sibling.gone ? -1 : sibling.words.get(), POLLIN, 0});
  int timeout = -1;
  if (auto due = service_.due())
    timeout = static_cast<int>(
        std::max(0ms, std::chrono::ceil<std::chrono::milliseconds>(*due - Clock::now())).count());
  if (poll(fds.data(), fds.size(), timeout) < 0) return;
  for (std::size_t i = 0; i < all_.size(); ++i)
    if (fds[i + 1].revents) listen(all_[i]);
  while (auto asked = signals_.next()) {
    if (*asked == Asked::nothing) continue;
    service_.stopping();
    signal(*asked == Asked::interrupt ? kPassedOn.interrupt : kPassedOn.terminate);
  }
  if (signals_.takeLook()) signal(SIGUSR1);
  reap();
  auto now = Clock::now();
  service_.alive(now, well(now));
}

void Siblings::listen(Sibling& sibling) {
  char message[2048];
  for (ssize_t n; (n = recv(sibling.words.get(), message, sizeof message, 0)) > 0;)
    heard(sibling, {message, static_cast<std::size_t>(n)});
}

void Siblings::heard(Sibling& sibling, std::string_view message) {
  sibling.alive = Clock::now();
  if (message == "READY=1") sibling.ready = true;
  if (message.starts_with("STATUS=")) sibling.status = message.substr(7);
  if (message.starts_with(Service::kPatience)) service_.patience();
  if (!message.starts_with("WATCHDOG")) tell();
}

void Siblings::tell() {
  std::string text;
  for (const Sibling& sibling : all_)
    text += (text.empty() ? "" : "; ") + sibling.name + ": " + sibling.status;
  service_.status(text);
  if (std::ranges::all_of(all_, [](const Sibling& each) { return each.ready || each.gone; }))
    service_.ready();
}

void Siblings::reap() {
  for (Sibling& sibling : all_) {
    int status = 0;
    if (sibling.gone || waitpid(sibling.pid, &status, WNOHANG) != sibling.pid) continue;
    listen(sibling);
    sibling.gone = true;
    sibling.exitStatus = statusOf(status);
    if (WIFSIGNALED(status))
      log_.line(LogLevel::error, sibling.name, {}, "killed by signal " + signalName(WTERMSIG(status)));
    sibling.status = "ended with status " + std::to_string(sibling.exitStatus);
    // Its own line says why, but was perhaps long ago when somebody misses its mail.
    if (WIFEXITED(status) && sibling.exitStatus != 0 && running())
      log_.line(LogLevel::warning, sibling.name, {}, "Section " + sibling.status + "; the others go on");
    tell();
  }
}

}  // namespace interimap
