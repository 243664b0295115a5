// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/run/run.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <set>
#include <utility>

#include "ipc/failure.h"
#include "launch/config/account.h"
#include "launch/run/process.h"

namespace interimap {

namespace {

using namespace std::chrono_literals;

// How long sync may take to leave the database in order once it has been told to stop or a server is gone.
constexpr auto kPatienceWithSync = 15s;
// ... and how long to hear what became of the messages that are being delivered.
constexpr auto kPatienceWithPull = 45s;
// How long a delivery process may take to say QUIT when sync does not need it any more.
constexpr auto kPatienceWithDelivery = 5s;
// A net holds nothing worth waiting for once sync is gone, but it may be stuck in connect(). Until then it
// may be asked what became of what was on its way.
constexpr auto kPatienceWithNet = 2s;

std::vector<Descriptor> list(Descriptor first, Descriptor second = {}) {
  std::vector<Descriptor> all;
  all.push_back(std::move(first));
  if (second) all.push_back(std::move(second));
  return all;
}

// The command of a tunnel finds the environment of whoever started us.
Inherits inheritance(const settings::Net& account) {
  return account.transport == settings::Transport::tunnel ? Inherits::everything : Inherits::needed;
}

// Of an account, among as many connections as there may be.
void shareRate(settings::Net& account, unsigned connections) {
  if (account.rate > 0) account.rate = std::max<std::uint64_t>(account.rate / connections, 1);
}

Role roleOf(Side side) { return side == Side::local ? Role::local : Role::remote; }

}  // namespace

RunEnd Run::run(AnySettings settings) {
  requireDescriptors();
  std::visit([this](auto& which) { start(std::move(which)); }, settings);
  around_.service.status("Connecting");
  while (crew_.running()) {
    wait();
    crew_.killLate();
    crew_.dismiss();
    for (unsigned wanted = std::exchange(deliveriesWanted_, 0); wanted > 0; --wanted) startDelivery();
    if (auto wants = std::exchange(netsWanted_, std::nullopt)) startNets(*wants);
    for (Side side : kSides) startIdleNets(side);
    tellChanges();
  }
  readSignals();  // one that came with the last worker's death may be its cause
  around_.progress.erase();
  // A run would not have come to what is checked last.
  std::stable_partition(ends_.begin(), ends_.end(),
                        [](const End& end) { return end.role != Role::delivery; });
  auto status = outcome(ends_, end_.asked);
  if (!status) voices_.error({}, {}, "the workers ended without saying why");
  end_.status = status.value_or(static_cast<int>(ExitStatus::internal));
  end_.reason = voices_.reason();
  return std::move(end_);
}

void Run::start(RunSettings settings) {
  if (settings.sync.errand == settings::Errand::status) return startAlone(std::move(settings));
  auto [syncToLocal, localToSync] = Channel::pair();
  auto [syncToRemote, remoteToSync] = Channel::pair();
  workers_ = std::move(settings.workers);
  end_.done = Synchronised{};
  interval_ = std::chrono::seconds(settings.sync.interval);
  telling_ = checking_ = settings.sync.errand == settings::Errand::check;
  watching_ =
      settings.sync.errand == settings::Errand::watch || settings.sync.errand == settings::Errand::notify;
  mostWait_ = {std::chrono::seconds(settings.local.maxWait), std::chrono::seconds(settings.remote.maxWait)};
  for (Side side : kSides) {
    settings::Net& account = side == Side::local ? settings.local : settings.remote;
    const settings::OfAccount& of = settings.sync.of[side];
    shareRate(account, of.connections);
    const bool idles = settings.sync.errand == settings::Errand::notify && !of.idleMailboxes.empty();
    if (of.connections > 1 || idles)
      several_[side] = {copyOf(account), of.connections, idles,
                        side == Side::local ? settings.renewLocal : settings.renewRemote};
  }
  Member& sync = crew_.add(workers_, Role::sync, list(std::move(syncToLocal), std::move(syncToRemote)));
  crew_.send(sync, {std::move(settings.sync)});
  Member& local =
      crew_.add(workers_, Role::local, list(std::move(localToSync)), 1, inheritance(settings.local));
  crew_.send(local, {std::move(settings.local)});
  Member& remote =
      crew_.add(workers_, Role::remote, list(std::move(remoteToSync)), 1, inheritance(settings.remote));
  crew_.send(remote, {std::move(settings.remote)});
}

// No server is asked.
void Run::startAlone(RunSettings settings) {
  telling_ = true;
  workers_ = std::move(settings.workers);
  end_.done = Synchronised{};
  crew_.send(crew_.add(workers_, Role::sync, {}), {std::move(settings.sync)});
}

void Run::start(PullSettings settings) {
  auto [syncToNet, netToSync] = Channel::pair();
  workers_ = std::move(settings.workers);
  end_.done = Pulled{};
  interval_ = std::chrono::seconds(settings.sync.interval);
  connections_ = settings.sync.connections;
  mostWait_.remote = std::chrono::seconds(settings.net.maxWait);
  exporting_ = settings.sync.errand == settings::Pull::Errand::exportState;
  watching_ = settings.sync.errand == settings::Pull::Errand::idle;
  checking_ = settings.sync.errand == settings::Pull::Errand::check;
  telling_ = checking_ || settings.sync.errand == settings::Pull::Errand::status;
  delivery_ = std::move(settings.delivery);
  renewDelivery_ = std::move(settings.renewDelivery);
  voices_.ofSection();
  crew_.send(crew_.add(workers_, Role::sync, list(std::move(syncToNet))), {std::move(settings.sync)});
  if (exporting_ || (telling_ && !checking_)) return;
  Member& net = crew_.add(workers_, Role::net, list(std::move(netToSync)), 1, inheritance(settings.net));
  crew_.send(net, {std::move(settings.net)});
  if (checking_) startDeliveryToAsk();
}

// The command may take a while, in which only signals are heard: all else waits for it.
void Run::tellChanges() {
  for (const Done& done : std::exchange(changes_, {}))
    if (around_.onChange != nullptr)
      if (auto asked = around_.onChange->tell(done, around_.log, around_.signals)) stop(*asked);
}

// It has its questions from its settings.
void Run::startDeliveryToAsk() {
  auto [ours, deliveryToUs] = Channel::pair();
  unasked_ = std::move(ours);
  Member& delivery = crew_.add(workers_, Role::delivery, list(std::move(deliveryToUs)));
  crew_.send(delivery, {copyOf(*delivery_)});
  crew_.send(delivery, {Go{}});
}

// Of former ones as many may be at work as there may be beside it. Those before may still be saying QUIT; who
// was told to hurry then has had its time.
void Run::startDelivery() {
  Member& sync = crew_.sync();
  if (sync.gone || std::ranges::any_of(ends_, &End::crashed)) return;
  unsigned atWork = 0;
  for (auto former = crew_.members().rbegin(); former != crew_.members().rend(); ++former)
    if (former->role == Role::delivery && !former->gone && ++atWork >= connections_)
      Crew::hurry(*former, former->killAt ? 0s : kPatienceWithDelivery);
  auto [syncToDelivery, deliveryToSync] = Channel::pair();
  crew_.send(sync, {Deliverer{}, std::move(syncToDelivery)});
  // Without a token the delivery process has something to say to sync that launch has not.
  if (!renew(delivery_->password, renewDelivery_)) delivery_->password.wipe();
  Member& delivery = crew_.add(workers_, Role::delivery, list(std::move(deliveryToSync)));
  crew_.send(delivery, {copyOf(*delivery_)});
  crew_.send(delivery, {Go{}});
}

// Former ones have nothing more to do.
void Run::startNets(const WantsNets& wants) {
  if (crew_.sync().gone || std::ranges::any_of(ends_, &End::crashed)) return;
  for (Member& former : crew_.members())
    if (former.isExtra() && !former.idles())
      Crew::hurry(former, former.killAt ? Clock::duration::zero() : kPatienceWithNet);
  startNets(Side::local, wants.local);
  startNets(Side::remote, wants.remote);
}

void Run::startNets(Side side, unsigned count) {
  if (count == 0) return;
  Several& several = *several_[side];
  bool ready = renew(several.account.password, several.renewal);
  for (unsigned n = 0; n < count; ++n) {
    if (ready)
      startNet<AnotherNet>(side, several.account, n + 2);
    else
      crew_.send(crew_.sync(), {AnotherNet{side}, std::move(Channel::pair().first)});  // gone at once
  }
}

// One that is wanted instead of one that is still going waits for its end.
void Run::startIdleNets(Side side) {
  if (idleNetsWanted_[side] == 0) return;
  if (crew_.sync().gone || std::ranges::any_of(ends_, &End::crashed)) return;
  std::set<unsigned> taken;
  for (const Member& member : crew_.members())
    if (member.role == roleOf(side) && member.idles()) taken.insert(member.number);
  Several& several = *several_[side];
  for (; idleNetsWanted_[side] > 0 && taken.size() < settings::kMostIdle; --idleNetsWanted_[side]) {
    unsigned number = Member::kMostCopying + 1;
    while (taken.contains(number)) ++number;
    taken.insert(number);
    if (renew(several.account.password, several.renewal))
      startNet<IdleNet>(side, several.account, number);
    else
      crew_.send(crew_.sync(), {IdleNet{side}, std::move(Channel::pair().first)});
  }
}

// The command may take a while, in which only signals are heard: all else waits for it.
bool Run::renew(Secret& password, const Renewal& renewal) try {
  if (!renewal) return true;
  auto renewed = renewal();
  if (auto asked = std::get_if<Asked>(&renewed)) {
    stop(*asked);
    return false;
  }
  password = std::move(std::get<Secret>(renewed));
  return true;
} catch (const Failure& failure) {
  around_.log.line(LogLevel::warning, failure.what());
  return false;
}

// One that cannot be started is, for sync, one that is gone. `What`: as sync knows it.
template <class What>
void Run::startNet(Side side, const settings::Net& account, unsigned number) {
  auto [syncToNet, netToSync] = Channel::pair();
  crew_.send(crew_.sync(), {What{side}, std::move(syncToNet)});
  try {
    Member& net = crew_.add(workers_, roleOf(side), list(std::move(netToSync)), number, inheritance(account));
    crew_.send(net, {copyOf(account)});
    crew_.send(net, {Go{}});
  } catch (const Failure& failure) {
    Member none{.role = roleOf(side), .number = number, .worker = {}};
    voices_.warning(none, failure.what());
  }
}

// Whether the workers are not only there, but at work or due back.
bool Run::well(Clock::time_point now) const { return (!backAt_ || now <= *backAt_) && crew_.allWell(); }

void Run::wait() {
  std::optional<Clock::time_point> until;
  for (auto due : {around_.progress.due(), around_.service.due(), crew_.due()})
    if (due && (!until || *due < *until)) until = due;
  std::vector<pollfd> fds{{around_.signals.fd(), POLLIN, 0}};
  crew_.watch(fds);
  int timeout = -1;
  if (until)
    timeout = static_cast<int>(
        std::max(0ms, std::chrono::ceil<std::chrono::milliseconds>(*until - Clock::now())).count());
  if (poll(fds.data(), fds.size(), timeout) < 0) return;
  crew_.serve(&fds[1]);
  if (fds[0].revents) readSignals();
  auto now = Clock::now();
  if (auto due = around_.progress.due(); due && *due <= now) around_.progress.draw(now);
  if (auto due = around_.service.due(); due && *due <= now) around_.service.alive(now, well(now));
}

void Run::readSignals() {
  while (auto asked = around_.signals.next())
    if (*asked != Asked::nothing) stop(*asked);
  if (around_.signals.takeLook() && watching_ && !crew_.sync().gone) crew_.send(crew_.sync(), {Look{}});
  crew_.reap();
}

void Run::stop(Asked asked) {
  bool again = end_.asked != Asked::nothing;
  if (!again) end_.asked = asked;
  if (!again) around_.service.stopping();
  if (!again && asked == Asked::interrupt) around_.log.line(LogLevel::notice, "Interrupted (Ctrl-C)");
  for (Member& member : crew_.members()) {
    if (again)
      Crew::hurry(member, 0s);  // whoever asks twice has no patience
    else if (member.role == Role::sync) {
      crew_.send(member, {Stop{}});
      Crew::hurry(member, patienceWithSync());
    } else if (member.role == Role::delivery)
      crew_.send(member, {Stop{}});  // so that it begins nothing more
  }
}

void Run::late(const Member& member) {
  if (member.role == Role::sync) voices_.warning(member, "does not end, so it is killed");
}

void Run::violated(Member& member, const char* what) {
  voices_.error(member, std::string("broke the protocol between us: ") + what);
}

void Run::spoke(Member& member, const std::vector<std::string>& lines) { voices_.spoken(member, lines); }

void Run::gone(Member& member, const Death& death) {
  auto cause = causeOfDeath(death);
  bool confined =
      WIFSIGNALED(death.waitStatus) && WTERMSIG(death.waitStatus) == SIGSYS;  // tried what it may not
  voices_.lastWords(member);
  if (member.isExtra() && !confined && !member.violated) {
    if (cause) voices_.withoutIt(member, *cause);
    return voices_.tellTraffic(member.role, crew_.hasExtra(member.role));
  }
  if (cause) voices_.error(member, *cause);
  bool crashed = cause || member.violated;
  if (member.role == Role::delivery && !crashed && !checking_) return;  // sync knows best what to make of it
  // As sync would have it: that may pass.
  if (member.role == Role::delivery && member.said == ExitStatus::unavailable)
    member.said = ExitStatus::tryAgain;
  ends_.push_back({member.role, member.said, crashed});
  // Of what is checked each is looked at, whatever becomes of the others.
  if (!checking_ || member.role == Role::sync) hurryOthers(member);
}

void Run::hurryOthers(const Member& gone) {
  for (Member& other : crew_.members()) {
    bool sync = other.role == Role::sync;
    bool notBegun = end_.reached == Reached::nothing && gone.role == Role::sync;
    if (&other != &gone && (sync ? gone.isPassing() : notBegun)) crew_.send(other, {Stop{}});
    if (sync)
      Crew::hurry(other, patienceWithSync());
    else if (other.role == Role::delivery && gone.role == Role::sync && !checking_)
      Crew::hurry(other, kPatienceWithDelivery);
    else if (other.role != Role::delivery && gone.role != Role::delivery)
      Crew::hurry(other, gone.role == Role::sync ? kPatienceWithNet : patienceWithSync());
  }
}

Run::Clock::duration Run::patienceWithSync() const {
  return delivery_ ? kPatienceWithPull : kPatienceWithSync;
}

}  // namespace interimap
