// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pull/pull.h"

#include <algorithm>
#include <utility>

#include "sync/mailboxes/mailbox.h"
#include "sync/pull/pull_check.h"
#include "sync/pull/pull_mailboxes.h"
#include "sync/pull/pull_purge.h"
#include "sync/pull/pull_visit.h"

namespace interimap {

namespace {

constexpr std::chrono::seconds kSignOfLife{240};       // a server with nothing to tell is asked this often
constexpr std::chrono::seconds kPoll{60};              // without IDLE
constexpr std::chrono::seconds kLongestBetween{1740};  // launch tells from time to time what was done
constexpr std::size_t kRecalled = 1000;                // deliveries, of each mailbox
constexpr std::int64_t kBetweenPurges = 12 * 3600;
constexpr std::chrono::seconds kFarewell{10};  // for QUIT and its reply
constexpr std::size_t kExportedAtOnce = 32768;
constexpr int kMostVisits = 1000;  // in one round: mail that keeps coming shall not keep others waiting

}  // namespace

Pull::Pull(const settings::Pull& settings, Server& server, Exchange& exchange, Reporter& launch, Log& log,
           Seam& seam, store::PullState& state, Clock now)
    : launch_(launch), pulling_{settings,
                                PullAddressees(settings),
                                server,
                                deliverers_,
                                exchange,
                                state,
                                log,
                                DeliveryBackoff(settings.errand == settings::Pull::Errand::idle),
                                std::move(now)} {
  for (std::size_t i = 0; i < pulling_.mostConnections; ++i) deliverers_.emplace_back(launch, exchange, seam);
  checkAccount();
}

void Pull::checkAccount() {
  const settings::Pull& settings = pulling_.settings;
  auto recorded = pulling_.state.account();
  if (!recorded) return pulling_.state.write("account", [&] { pulling_.state.setAccount(settings.account); });
  if (std::string whose = whoseElse(settings, pulling_.state); !whose.empty())
    throw Failure(ExitStatus::data, whose);
}

void Pull::run() {
  means_ = pulling_.server.enable(Purpose::pull);
  while (true) {
    findMailboxes();
    round();
    Pulled done = std::exchange(pulling_.done, {});
    done.waiting = pulling_.idling();
    countUndelivered(done);
    launch_.report({done});
    pulling_.log.endRound();
    if (!pulling_.idling()) return;
    awaitNews();
  }
}

// Each message that waits once, however often it was tried.
void Pull::countUndelivered(Pulled& done) const {
  for (const WireName& mailbox : mailboxes_) {
    auto known = pulling_.state.mailbox(mailbox);
    if (!known) continue;
    auto undelivered = pulling_.state.undelivered(known->id);
    done.deferred += undelivered.deferred;
    done.refused += undelivered.refused;
  }
}

void Pull::findMailboxes() {
  const bool first = mailboxes_.empty();
  if (!first && !hasPatterns(pulling_.settings)) return;
  PullMailboxes now = listMailboxes(pulling_.settings, pulling_.server, pulling_.exchange);
  if (!now.refusal.empty()) {
    pulling_.log.error(About::run(), "LIST: " + now.refusal + ". See mailbox", ExitStatus::tryAgain);
    for (const WireName& name : mailboxes_)  // as they were
      if (std::ranges::find(now.names, name) == now.names.end()) now.names.push_back(name);
  }
  for (const std::string& pattern : now.unmatched)
    pulling_.log.caution(About::run(), "No mailbox matches " + shownPattern(pattern) + ". See mailbox",
                         ExitStatus::data);
  mailboxes_ = std::move(now.names);
  recallDeliveries();
}

// What earlier runs delivered may come back now.
void Pull::recallDeliveries() {
  for (const WireName& mailbox : mailboxes_) {
    if (!recalled_.insert(mailbox).second) continue;
    auto known = pulling_.state.mailbox(mailbox);
    if (!known) continue;
    for (const auto& message : pulling_.state.newestSettled(known->id, kRecalled))
      pulling_.deliveries.addHop(message.hop);
  }
}

void Pull::round() {
  for (const WireName& mailbox : mailboxes_) visit(mailbox);
  for (DeliveryProcess& each : deliverers_) each.quit();
  if (purgeIsDue()) purge();
  quitDelivery();
  reportSink();
}

void Pull::visit(const WireName& mailbox) {
  for (int i = 0; i < kMostVisits; ++i) {
    Visit visit(pulling_, mailbox, !visited_.contains(mailbox));
    bool more = visit.run();
    if (visit.entered()) visited_.insert(mailbox);
    if (!more) return;
  }
}

void Pull::quitDelivery() {
  auto isGone = [](DeliveryProcess& process) { return process.channel() == nullptr; };
  pulling_.exchange.pause(kFarewell, [&] { return std::ranges::all_of(deliverers_, isGone); });
  for (DeliveryProcess& each : deliverers_) each.forget();
  pulling_.mostConnections = deliverers_.size();
  pulling_.sink.quit();
}

// The server that mail goes to cannot be reached, or wants us not to come again.
void Pull::reportSink() {
  DeliveryBackoff& sink = pulling_.sink;
  std::string text = "Mail cannot be delivered: " + sink.reason();
  if (sink.lasting()) throw Failure(*sink.lasting(), text);
  std::int64_t now = pulling_.now();
  bool down = sink.down(now);
  if (!down) {
    sinkReported_ = false;
  } else if (!pulling_.idling()) {
    pulling_.log.error(About::run(), text, ExitStatus::tryAgain);
  } else if (!std::exchange(sinkReported_, true)) {
    pulling_.log.warning(About::run(), text + "; trying again from time to time");
  }
}

bool Pull::purgeIsDue() const {
  auto days = pulling_.settings.purgeAfter;
  if (!days) return false;
  return *days == 0 || !purged_ || pulling_.now() >= *purged_ + kBetweenPurges || pulling_.now() < *purged_;
}

void Pull::purge() {
  purged_ = pulling_.now();
  const bool moves = pulling_.settings.after.size() == 2;
  if (moves ? !means_.get().moves : !means_.get().expunges)
    return pulling_.log.error(About::run(), notAdvertised(moves ? "MOVE (RFC 6851)" : "UIDPLUS (RFC 4315)"),
                              ExitStatus::protocol);
  for (const WireName& mailbox : mailboxes_) purgeMailbox(pulling_, mailbox, *pulling_.settings.purgeAfter);
}

std::chrono::seconds Pull::until(std::int64_t time) const {
  return std::chrono::seconds(std::max<std::int64_t>(1, time - pulling_.now()));
}

// How long there is nothing to do unless the server has news.
std::chrono::seconds Pull::untilWanted() {
  std::chrono::seconds wait = std::min(kLongestBetween, std::chrono::seconds(pulling_.settings.interval));
  if (pulling_.sink.down(pulling_.now()) && pulling_.sink.retryAt())
    wait = std::min(wait, until(*pulling_.sink.retryAt()));
  else if (auto due = pulling_.state.nextDue())
    wait = std::min(wait, isDue(*due, pulling_.now()) ? std::chrono::seconds(1) : until(*due));
  if (purged_ && pulling_.settings.purgeAfter > 0U) wait = std::min(wait, until(*purged_ + kBetweenPurges));
  return wait;
}

void Pull::awaitNews() {
  const WireName watched = mailboxes_.empty() ? WireName{"INBOX"} : mailboxes_.front();
  Reply<Nothing> news =
      pulling_.server.watch(watched, static_cast<std::uint32_t>(kSignOfLife.count()), false);
  std::chrono::seconds wait = untilWanted();
  if (means_.get().news == Means::News::none) wait = std::min(wait, kPoll);
  pulling_.exchange.pause(wait, [&] { return news.ready() || pulling_.exchange.takeLook(); });
  if (!news.ready() || news.done().ok()) return;
  // It cannot be watched: asked from time to time it can be.
  pulling_.log.error(aboutMailbox(watched), "cannot be watched: " + words(news.done()), ExitStatus::tryAgain);
  pulling_.exchange.pause(std::min(wait, kPoll), [&] { return pulling_.exchange.takeLook(); });
}

void Pull::exportState(const settings::Pull& settings, const store::PullState& state, Reporter& launch) {
  std::string octets = state.exported(firstMailbox(settings));
  for (std::size_t at = 0; at == 0 || at < octets.size(); at += kExportedAtOnce)
    launch.report({Exported{octets.substr(at, kExportedAtOnce)}});
}

}  // namespace interimap
