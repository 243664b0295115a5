// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/run/run.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <fstream>
#include <utility>

#include "ipc/failure.h"
#include "launch/config/account.h"
#include "launch/run/process.h"
#include "launch/show/traffic.h"
#include "sandbox/sandbox.h"

namespace interimap {

namespace {

using namespace std::chrono_literals;

// How long sync may take to leave the database in order once it has been told to stop or a server is gone.
constexpr auto kPatienceWithSync = 15s;
// ... and how long to hear what became of the messages that are being delivered.
constexpr auto kPatienceWithPull = 45s;
// How long a delivery process may take to say QUIT when sync does not need it any more.
constexpr auto kPatienceWithDelivery = 5s;
// A net holds nothing worth waiting for once sync is gone, but it may be stuck in connect().
constexpr auto kPatienceWithNet = 2s;

std::vector<Descriptor> list(Descriptor first, Descriptor second = {}) {
  std::vector<Descriptor> all;
  all.push_back(std::move(first));
  if (second) all.push_back(std::move(second));
  return all;
}

bool isStopped(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string stat;
  std::getline(file, stat);
  auto after = stat.rfind(')');  // the name before may hold anything
  return after != stat.npos && after + 2 < stat.size() && (stat[after + 2] == 'T' || stat[after + 2] == 't');
}

// The command of a tunnel finds the environment of whoever started us.
Inherits inheritance(const settings::Net& account) {
  return account.transport == settings::Transport::tunnel ? Inherits::everything : Inherits::needed;
}

Role roleOf(Side side) { return side == Side::local ? Role::local : Role::remote; }

}  // namespace

std::string Run::nameOf(Role role, unsigned number) {
  return std::string(roleName(role)) + (number > 1 ? "/" + std::to_string(number) : "");
}

RunEnd Run::run(AnySettings settings) {
  requireDescriptors();
  std::visit([this](auto& which) { start(std::move(which)); }, settings);
  around_.service.status("Connecting");
  while (running()) {
    wait();
    killLate();
    std::erase_if(members_, [](const Member& m) { return m.gone && m.isPassing(); });
    if (std::exchange(deliveryWanted_, false)) startDelivery();
    if (auto wants = std::exchange(netsWanted_, std::nullopt)) startNets(*wants);
  }
  readSignals();  // one that came with the last worker's death may be its cause
  around_.progress.erase();
  auto status = outcome(ends_, end_.asked);
  if (!status) error({}, {}, "the workers ended without saying why");
  end_.status = status.value_or(static_cast<int>(ExitStatus::internal));
  return std::move(end_);
}

Run::Member& Run::add(Role role, std::vector<Descriptor> peers, unsigned number, Inherits inherits) {
  members_.push_back({role, number, spawn(workers_, role, nameOf(role, number), std::move(peers), inherits)});
  return members_.back();
}

void Run::start(RunSettings settings) {
  auto [syncToLocal, localToSync] = Channel::pair();
  auto [syncToRemote, remoteToSync] = Channel::pair();
  workers_ = std::move(settings.workers);
  end_.done = Synchronised{};
  interval_ = std::chrono::seconds(settings.sync.interval);
  if (auto most = settings.sync.localConnections; most > 1) local_ = {copyOf(settings.local), most};
  if (auto most = settings.sync.remoteConnections; most > 1) remote_ = {copyOf(settings.remote), most};
  send(add(Role::sync, list(std::move(syncToLocal), std::move(syncToRemote))), {std::move(settings.sync)});
  auto& local = add(Role::local, list(std::move(localToSync)), 1, inheritance(settings.local));
  send(local, {std::move(settings.local)});
  auto& remote = add(Role::remote, list(std::move(remoteToSync)), 1, inheritance(settings.remote));
  send(remote, {std::move(settings.remote)});
}

void Run::start(PullSettings settings) {
  auto [syncToNet, netToSync] = Channel::pair();
  workers_ = std::move(settings.workers);
  end_.done = Pulled{};
  interval_ = std::chrono::seconds(settings.sync.interval);
  exporting_ = settings.sync.errand == settings::Pull::Errand::exportState;
  delivery_ = std::move(settings.delivery);
  send(add(Role::sync, list(std::move(syncToNet))), {std::move(settings.sync)});
  if (exporting_) return;
  auto& net = add(Role::net, list(std::move(netToSync)), 1, inheritance(settings.net));
  send(net, {std::move(settings.net)});
}

// The former one may still be saying QUIT. The one before that has had its time.
void Run::startDelivery() {
  auto sync = std::ranges::find(members_, Role::sync, &Member::role);
  if (sync->gone || std::ranges::any_of(ends_, &End::crashed)) return;
  for (Member& former : members_)
    if (former.role == Role::delivery) hurry(former, former.killAt ? 0s : kPatienceWithDelivery);
  auto [syncToDelivery, deliveryToSync] = Channel::pair();
  send(*sync, {Deliverer{}, std::move(syncToDelivery)});
  Member& delivery = add(Role::delivery, list(std::move(deliveryToSync)));
  send(delivery, {copyOf(*delivery_)});
  send(delivery, {Go{}});
}

// Former ones have nothing more to do.
void Run::startNets(const WantsNets& wants) {
  auto sync = std::ranges::find(members_, Role::sync, &Member::role);
  if (sync->gone || std::ranges::any_of(ends_, &End::crashed)) return;
  for (Member& former : members_)
    if (former.isExtra()) hurry(former, former.killAt ? Clock::duration::zero() : kPatienceWithNet);
  for (unsigned n = 0; n < wants.local; ++n) startNet(Side::local, local_->account, n + 2);
  for (unsigned n = 0; n < wants.remote; ++n) startNet(Side::remote, remote_->account, n + 2);
}

// One that cannot be started is, for sync, one that is gone.
void Run::startNet(Side side, const settings::Net& account, unsigned number) {
  auto [syncToNet, netToSync] = Channel::pair();
  send(*std::ranges::find(members_, Role::sync, &Member::role), {AnotherNet{side}, std::move(syncToNet)});
  try {
    Member& net = add(roleOf(side), list(std::move(netToSync)), number, inheritance(account));
    send(net, {copyOf(account)});
    send(net, {Go{}});
  } catch (const Failure& failure) {
    log_.line(LogLevel::warning, nameOf(roleOf(side), number), {}, failure.what());
  }
}

bool Run::running() const { return !std::ranges::all_of(members_, &Member::gone); }

// Whether the workers are not only there, but at work or due back.
bool Run::well(Clock::time_point now) const {
  if (backAt_ && now > *backAt_) return false;
  return std::ranges::none_of(
      members_, [](const Member& m) { return !m.isPassing() && (m.gone || isStopped(m.worker.pid)); });
}

void Run::wait() {
  std::optional<Clock::time_point> until = around_.progress.due();
  if (auto due = around_.service.due(); due && (!until || *due < *until)) until = due;
  std::vector<pollfd> fds{{around_.signals.fd(), POLLIN, 0}};
  for (const Member& member : members_) {
    fds.push_back({member.worker.spoken.fd(), POLLIN, 0});
    const auto& channel = member.worker.channel;
    short events = channel && channel->sending() ? POLLIN | POLLOUT : POLLIN;
    fds.push_back({channel ? channel->fd() : -1, events, 0});
    if (!member.gone && member.killAt && (!until || *member.killAt < *until)) until = member.killAt;
  }
  int timeout = -1;
  if (until)
    timeout = static_cast<int>(
        std::max(0ms, std::chrono::ceil<std::chrono::milliseconds>(*until - Clock::now())).count());
  if (poll(fds.data(), fds.size(), timeout) < 0) return;

  for (std::size_t i = 0; i < members_.size(); ++i) {
    const pollfd &spoken = fds[2 * i + 1], &channel = fds[2 * i + 2];
    if (spoken.revents) tell(members_[i], members_[i].worker.spoken.lines());
    if (channel.revents & POLLOUT) flush(members_[i]);
    if (channel.revents & (POLLIN | POLLHUP | POLLERR)) serve(members_[i]);
  }
  if (fds[0].revents) readSignals();
  auto now = Clock::now();
  if (auto due = around_.progress.due(); due && *due <= now) around_.progress.draw(now);
  if (auto due = around_.service.due(); due && *due <= now) around_.service.alive(now, well(now));
}

void Run::send(Member& member, Order order) {
  if (!member.worker.channel) return;
  try {
    Packet packet = pack(std::move(order));
    if (packet.words.size() * sizeof packet.words[0] > Channel::kMostBytes)
      throw Failure(ExitStatus::config, "configuration and arguments are too long together");
    member.worker.channel->send(std::move(packet));
  } catch (const PeerGone&) {
    serve(member);  // it may have left a word
  }
}

void Run::flush(Member& member) {
  if (!member.worker.channel) return;
  try {
    member.worker.channel->flush();
  } catch (const PeerGone&) {
    serve(member);
  }
}

void Run::readSignals() {
  while (auto asked = around_.signals.next())
    if (*asked != Asked::nothing) stop(*asked);
  reap();
}

void Run::stop(Asked asked) {
  bool again = end_.asked != Asked::nothing;
  if (!again) end_.asked = asked;
  if (!again) around_.service.stopping();
  if (!again && asked == Asked::interrupt) log_.line(LogLevel::notice, "Interrupted (Ctrl-C)");
  for (Member& member : members_) {
    if (again)
      hurry(member, 0s);  // whoever asks twice has no patience
    else if (member.role == Role::sync) {
      send(member, {Stop{}});
      hurry(member, patienceWithSync());
    } else if (member.role == Role::delivery)
      send(member, {Stop{}});  // so that it begins nothing more
  }
}

void Run::reap() {
  for (Member& member : members_) {
    int status = 0;
    if (!member.gone && waitpid(member.worker.pid, &status, WNOHANG) == member.worker.pid)
      bury(member, status);
  }
}

void Run::bury(Member& member, int waitStatus) {
  member.gone = true;
  tell(member, member.worker.spoken.lastLines());
  // Its last words. Not up to the channel's end: a grandchild may hold that open.
  while (member.worker.channel) {
    pollfd more{member.worker.channel->fd(), POLLIN, 0};
    if (poll(&more, 1, 0) <= 0) break;
    serve(member);
  }
  member.worker.channel.reset();

  Death death{member.said, waitStatus, sandbox::readObituary(member.worker.obituary.get()),
              member.killed || member.violated};
  auto cause = causeOfDeath(death);
  bool confined = WIFSIGNALED(waitStatus) && WTERMSIG(waitStatus) == SIGSYS;  // tried what it may not
  if (member.isExtra() && !confined && !member.violated) {
    if (cause) warn(member, *cause);
    return tellTraffic(member.role);
  }
  for (const auto& [level, flood] : member.floods)
    if (flood.rest() > 0) tellLeftOut(member, level, flood.rest());
  if (cause) error(member, *cause);
  bool crashed = cause || member.violated;
  if (member.role == Role::delivery && !crashed) return;  // sync knows best what to make of it
  ends_.push_back({member.role, member.said, crashed});
  hurryOthers(member);
}

void Run::hurryOthers(const Member& gone) {
  for (Member& other : members_) {
    bool sync = other.role == Role::sync;
    bool notBegun = end_.reached == Reached::nothing && gone.role == Role::sync;
    if (&other != &gone && (sync ? gone.isPassing() : notBegun)) send(other, {Stop{}});
    if (sync)
      hurry(other, patienceWithSync());
    else if (other.role == Role::delivery && gone.role == Role::sync)
      hurry(other, kPatienceWithDelivery);
    else if (other.role != Role::delivery && gone.role != Role::delivery)
      hurry(other, kPatienceWithNet);
  }
}

Run::Clock::duration Run::patienceWithSync() const {
  return delivery_ ? kPatienceWithPull : kPatienceWithSync;
}

void Run::hurry(Member& member, Clock::duration patience) {
  auto at = Clock::now() + patience;
  if (!member.gone && (!member.killAt || at < *member.killAt)) member.killAt = at;
}

void Run::killLate() {
  for (Member& member : members_) {
    if (member.gone || member.killed || !member.killAt || Clock::now() < *member.killAt) continue;
    member.killed = true;
    if (member.role == Role::sync)
      log_.line(LogLevel::warning, component(member), {}, "does not end, so it is killed");
    kill(member.worker.pid, SIGKILL);
    member.killAt.reset();
  }
}

}  // namespace interimap
