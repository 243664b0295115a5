// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/rounds.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <stdexcept>
#include <utility>

#include "ipc/at_time.h"
#include "ipc/failure.h"
#include "ipc/side.h"
#include "sync/engine.h"
#include "sync/mailboxes/commands.h"
#include "sync/peers/suspension.h"

namespace interimap {

namespace {

// How long a watcher waits for another interimap to let go of the database; how long one that is given beside
// a watcher does, which may be at work; and how often they try.
constexpr std::chrono::seconds kPatience{600}, kPatienceBeside{10}, kBetweenTries{1};
// A server with nothing to tell is asked for a sign of life this often, below what firewalls forget.
constexpr std::chrono::seconds kSignOfLife{240};
// So long after a round that news led to, or that wrote something, another look is taken. Dovecot compares
// with its last notification: a change of ours that somebody undoes within half a second is not announced.
constexpr std::chrono::seconds kSecondLook{2};
// A machine that slept for longer may have been forgotten by its servers. How long a server then has to
// answer.
constexpr std::chrono::seconds kLongSleep{60}, kAnswerDue{10};

}  // namespace

void Rounds::run() {
  std::unique_ptr<store::Store> store = open(isBeside() ? kPatienceBeside : std::chrono::seconds(0));
  launch_.report(Report{Locked{}});
  logIn(*store);
  while (true) {
    const std::uint32_t writes = seam_.writes();
    const auto began = std::chrono::steady_clock::now();
    try {
      round(*store);
    } catch (const PeerGone&) {
      noteLogins(*store);
      throw;
    }
    noteLogins(*store);
    log_.done().held += store->countHeld();
    store.reset();
    took_ = std::chrono::ceil<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began);
    wrote_ = seam_.writes() != writes;
    if (isWhole() && log_.flawless() && !lastSuccess_.note(std::time(nullptr)))
      log_.debug(About::database(), "When this run succeeded cannot be written down");
    Synchronised done = log_.endRound();
    done.waiting = watching() && !cutShort_;
    launch_.report(Report{done});
    if (!watching() || cutShort_) return;
    awaitNews();
    store = open(kPatience);
  }
}

void Rounds::logIn(const store::Store& store) {
  for (Side side : kSides) means_[side] = servers_[side]->enable(Purpose::synchronise, store.greeting(side));
}

// Whether the next login may go ahead of the greeting.
void Rounds::noteLogins(store::Store& store) {
  if (settings_.dryRun || store.isNew()) return;
  for (Side side : kSides)
    if (servers_[side]->wentAheadInVain())
      store.waitForGreeting(side);
    else if (means_[side].ready())
      store.putGreeting(side, means_[side].get().greeting);
}

void Rounds::round(store::Store& store) {
  switch (settings_.errand) {
    case settings::Errand::remove: return Commands(settings_, servers_, store, log_).remove();
    case settings::Errand::rename: return Commands(settings_, servers_, store, log_).rename();
    case settings::Errand::synchronise:
    case settings::Errand::watch:
    case settings::Errand::notify:
    case settings::Errand::repair: break;
    case settings::Errand::check:
    case settings::Errand::status: throw std::logic_error("a state is told without a round");
  }
  Engine engine(settings_, connections_, exchange_, store, log_, allowance_);
  const bool first = std::exchange(first_, false);
  settings_.dryRun ? engine.preview() : engine.run(first);
  cutShort_ = engine.isCutShort();
  if (settings_.errand == settings::Errand::notify && !cutShort_) noteIdleMailboxes(engine, first);
  tellUsedUp(store);
}

void Rounds::noteIdleMailboxes(const Engine& engine, bool first) {
  for (Side side : kSides) {
    const Means::News news = means_[side].get().news;
    if (settings_.of[side].idleMailboxes.empty() || news == Means::News::ofAll) continue;
    if (news == Means::News::none) {
      if (first) log_.warning(About::server(side), "The server has no IDLE: idle-mailboxes does nothing");
      continue;
    }
    IdleMailboxes found = engine.idleMailboxes(side);
    idleIn_[side] = std::move(found.in);
    if (!first) continue;
    for (const WireName& mailbox : found.leftOut)
      log_.warning(About::at(side, mailbox), "idle-mailboxes matches more than " +
                                                 std::to_string(settings::kMostIdle) +
                                                 " mailboxes: this one is looked at from time to time");
    if (!settings_.mailboxes.empty()) continue;  // few are listed
    for (const std::string& pattern : found.unmatched)
      log_.warning(About::server(side),
                   "No mailbox that is synchronised falls under idle-mailboxes = " + pattern);
  }
}

// A watcher goes on by itself; for any other run launch begins another one, if it need not wait for too long.
void Rounds::tellUsedUp(const store::Store& store) {
  auto usedUp = allowance_.usedUp(store);
  if (!usedUp) return;
  const bool tooLong = usedUp->time > std::chrono::seconds(settings_.of[usedUp->side].maxWait);
  std::string text =
      "The octets of today are used up (daily): what is left goes on at " + atTime(usedUp->time);
  if (!watching() && tooLong) text += ", which is longer than max-wait. Run again then";
  log_.caution(About::server(usedUp->side), text, ExitStatus::tryAgain);
  if (!watching() && !tooLong)
    launch_.report(
        Report{Waits{static_cast<std::uint64_t>(std::chrono::milliseconds(usedUp->time).count()), true}});
}

bool Rounds::isWhole() const {
  using enum settings::Errand;
  return settings_.errand != remove && settings_.errand != rename && !settings_.dryRun && !cutShort_ &&
         settings_.mailboxes.empty();
}

bool Rounds::isBeside() const {
  using enum settings::Errand;
  return settings_.adopt || settings_.errand == remove || settings_.errand == rename ||
         settings_.errand == repair;
}

std::unique_ptr<store::Store> Rounds::open(std::chrono::seconds patience) {
  auto until = std::chrono::steady_clock::now() + patience;
  while (true) {
    try {
      return openStore_();
    } catch (const Failure& failure) {  // another interimap at work is an answer here, not the end
      if (failure.status != ExitStatus::tryAgain || std::chrono::steady_clock::now() > until) throw;
    }
    exchange_.pause(kBetweenTries);
  }
}

// A selected mailbox would keep the server from telling us of it, and QRESYNC from being exact.
void Rounds::unselect() {
  for (Side side : kSides)
    if (servers_[side]->hasSelected()) servers_[side]->simple(request::Simple::Verb::unselect);
}

void Rounds::awaitNews() {
  unselect();
  std::chrono::milliseconds interval = std::chrono::seconds(settings_.interval);
  if (settings_.errand == settings::Errand::watch) return pause(interval, {});
  // A LIST is as good a sign of life as any, and shows what a server forgot to notify.
  interval = std::min<std::chrono::milliseconds>(interval, kSignOfLife);
  Both<Reply<Nothing>> news;
  bool tellAll = true;
  for (Side side : kSides) {
    const std::string& reference = settings_.of[side].reference;
    bool all = means_[side].get().news == Means::News::ofAll;
    tellAll = tellAll && all;
    news[side] =
        servers_[side]->watch({reference + "INBOX"}, static_cast<std::uint32_t>(kSignOfLife.count()), all);
  }
  // IDLE tells about one mailbox only.
  if (!tellAll) interval = std::min(interval, poll_.after(news_ || wrote_, took_));
  if (auto another = anotherLook()) interval = std::min<std::chrono::milliseconds>(interval, *another);
  IdleConnections& idle = connections_.idle();
  for (Side side : kSides) idle.keep(side, idleIn_[side], kSignOfLife, log_);
  auto came = [&] { return news.local.ready() || news.remote.ready() || idle.haveNews(); };
  pause(interval, came);
  news_ = came();
  idle.takeNews();
}

// One that finds work without news leads to the next, each time later: a server that refuses something, or
// does not keep what it took, is not asked all the time.
std::optional<std::chrono::seconds> Rounds::anotherLook() {
  if (news_ || !wrote_) nextLook_ = kSecondLook;
  if (!news_ && !wrote_) return {};
  return std::exchange(nextLook_, std::min(2 * nextLook_, kSignOfLife));
}

// Ends early after a long sleep of the machine, once both servers have answered.
void Rounds::pause(std::chrono::milliseconds duration, const std::function<bool()>& until) {
  Suspension suspension;
  auto slept = [&] { return suspension.length() > kLongSleep; };
  exchange_.pause(duration, [&] { return slept() || exchange_.takeLook() || (until && until()); });
  if (slept()) demandSignsOfLife();
}

void Rounds::demandSignsOfLife() {
  log_.debug(About::run(), "The machine was asleep: asking the servers for a sign of life");
  Both<Reply<Nothing>> replies;
  for (Side side : kSides) replies[side] = servers_[side]->simple(request::Simple::Verb::noop);
  connections_.idle().letGo();
  exchange_.pause(kAnswerDue, [&] { return replies.local.ready() && replies.remote.ready(); });
  for (Side side : kSides)
    if (!replies[side].ready())
      throw ServerFailure(side, ExitStatus::unavailable, "No sign of life after the machine was asleep");
}

}  // namespace interimap
