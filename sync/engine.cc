// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/engine.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <set>

#include "ipc/failure.h"
#include "ipc/side.h"

namespace interimap {

namespace {

// Mailboxes that take each step together. More would only cost memory: a server answers this many in one
// round trip.
constexpr std::size_t kTogether = 64;
// After so many passes a mailbox still has news of our own making: the servers do not agree on what they
// store.
constexpr int kMostPasses = 8;
// After a kill: how long an APPEND of the killed run may still be on its way, how often we look, and how many
// looks without a change mean that it is not.
constexpr std::chrono::seconds kStragglersLive{60};
constexpr std::chrono::milliseconds kBetweenLooks{200};
constexpr int kQuietLooks = 3, kMostLooks = 50;

}  // namespace

Engine::Engine(const settings::Sync& settings, Connections& connections, Exchange& exchange,
               store::Store& store, Log& log)
    : settings_(settings),
      connections_(connections),
      servers_(connections.first()),
      exchange_(exchange),
      store_(store),
      log_(log),
      lists_(settings, servers_, log),
      undertakings_(servers_, store, log, lists_) {}

void Engine::run(bool first) {
  lists_.fetch();
  prepareDatabase();
  checkAccounts();
  if (undertakings_.any()) resumeUndertakings();
  checkListings(first);
  followRenamings(false);
  forgetGone(false);
  carryOut(planMailboxes(lists_.listing(Side::local), lists_.listing(Side::remote), known()));
  log_.done().mailboxes = static_cast<std::uint32_t>(synced_.size());
  synchronise(dirtyMailboxes());
  reportWithheld();
  if (log_.status() == ExitStatus::ok) log_.debug(About::run(), "Clean state!");
}

void Engine::prepareDatabase() {
  if (store_.isNew()) {
    log_.notice(About::database(), "Creating new schema in database file " + settings_.databaseDirectory +
                                       "/" + settings_.databaseName);
    store_.createSchema();
  } else if (store_.version() == 0) {
    if (lists_.hierarchy(Side::local).delimiter() != lists_.hierarchy(Side::remote).delimiter())
      throw Failure(ExitStatus::data,
                    "Local and remote hierarchy delimiters differ, refusing to update table `mailboxes`.");
    log_.notice(About::database(), "Upgrading database version from 0");
    store_.migrate(lists_.hierarchy(Side::local).delimiter());
  }
}

// Mailboxes that we know and that something may be done to.
KnownSubscriptions Engine::known() const {
  KnownSubscriptions known;
  if (store_.isNew()) return known;
  auto isAside = [this](const MailboxName& name) {
    return std::ranges::any_of(
        aside_, [&](const MailboxName& aside) { return name == aside || isBelow(name, aside); });
  };
  for (const store::KnownMailbox& mailbox : store_.mailboxes())
    if (!isAside(mailbox.name)) known.emplace(mailbox.name, mailbox.subscribed);
  return known;
}

// All that we know.
std::map<MailboxName, store::MailboxId> Engine::ids() const {
  std::map<MailboxName, store::MailboxId> ids;
  if (store_.isNew()) return ids;
  for (const store::KnownMailbox& mailbox : store_.mailboxes()) ids.emplace(mailbox.name, mailbox.id);
  return ids;
}

namespace {

const char* doneOf(MailboxStep::Do step) {
  return step == MailboxStep::Do::create      ? "Created mailbox "
         : step == MailboxStep::Do::subscribe ? "Subscribe to "
                                              : "Unsubscribe to ";
}

}  // namespace

// A server may get another name: the same user, and every mailbox we know has the UIDVALIDITY that we know.
bool Engine::isAlias(Side side, const std::string& recorded, const std::string& account) {
  if (recorded.substr(0, recorded.rfind('@')) != account.substr(0, account.rfind('@'))) return false;
  std::size_t same = 0;
  for (const store::KnownMailbox& mailbox : store_.mailboxes()) {
    auto state = store_.state(mailbox.id, side);
    auto it = lists_.listing(side).find(mailbox.name);
    if (!state || it == lists_.listing(side).end() || !it->second.status.uidValidity) continue;
    if (*it->second.status.uidValidity != state->uidValidity) return false;
    ++same;
  }
  return same > 0;
}

// A database used with another account would take strange mail for expunged. A tunnel's account is whatever
// its command leads to: that cannot be compared.
void Engine::checkAccounts() {
  for (Side side : kSides) {
    const std::string& account = side == Side::local ? settings_.localAccount : settings_.remoteAccount;
    if (account.empty() || account.starts_with("tunnel:")) continue;
    auto recorded = store_.account(side);
    if (!recorded || (*recorded != account && isAlias(side, *recorded, account))) {
      if (recorded)
        log_.notice(About::server(side), "The account " + *recorded + " is now called " + account);
      store::Transaction transaction = store_.begin();
      store_.setAccount(side, account);
      transaction.commit("account");
    } else if (*recorded != account) {
      throw AboutFailure(
          About::database(), ExitStatus::data,
          "belongs to " + *recorded + " on the " + servers_[side]->name() + " side, not to " + account +
              ". Another pair of accounts needs another `database`. If it is the same account under a new "
              "name: sqlite3 " +
              settings_.databaseDirectory + "/" + settings_.databaseName + " 'DELETE FROM ours_account'");
    }
  }
}

// Everything is sent before the first answer is waited for. A mailbox that cannot be created stops only
// itself.
void Engine::carryOut(std::vector<MailboxPlan> plans) {
  using Do = MailboxStep::Do;
  using Verb = request::Manage::Verb;
  struct Sent {
    const MailboxPlan* plan;
    const MailboxStep* step;
    Reply<Nothing> reply;
  };
  std::vector<Sent> sent;
  std::set<const MailboxPlan*> failed;
  for (const MailboxPlan& plan : plans) {
    for (const MailboxStep& step : plan.steps) {
      if (step.what == Do::add || step.what == Do::mark) continue;
      Verb verb = step.what == Do::create      ? Verb::create
                  : step.what == Do::subscribe ? Verb::subscribe
                                               : Verb::unsubscribe;
      sent.push_back(
          {&plan, &step, servers_[step.side]->manage(verb, lists_.hierarchy(step.side).wire(plan.name))});
    }
  }
  for (Sent& it : sent) {
    About about = About::server(it.step->side);
    const std::string& wire = lists_.hierarchy(it.step->side).wire(it.plan->name).bytes;
    // A CREATE of a run that was killed may have come through after all (RFC 5530).
    bool there = it.step->what == Do::create && it.reply.done().code == "ALREADYEXISTS";
    if (it.reply.done().ok() || there) {
      log_.info(about, doneOf(it.step->what) + wire);
    } else if (failed.insert(it.plan).second) {
      log_.error(
          about,
          std::string("Couldn't ") + verbOf(it.step->what) + " " + wire + ": " + words(it.reply.done()),
          ExitStatus::tryAgain);
    }
  }
  for (const MailboxPlan& plan : plans) {
    std::string shownName = lists_.hierarchy(Side::local).shown(plan.name);
    bool creates =
        std::ranges::any_of(plan.steps, [](const MailboxStep& step) { return step.what == Do::create; });
    if (plan.goneFrom)
      log_.error(About::database(),
                 "Mailbox " + shownName + " exists. Run `interimap --target=database --delete " + shownName +
                     "` to delete. (That has it copied anew from " + servers_[other(*plan.goneFrom)]->name() +
                     "; `interimap --target=" + servers_[other(*plan.goneFrom)]->name() +
                     ",database --delete " + shownName + "` deletes it there, too.)",
                 ExitStatus::data);
    else if (!creates || !failed.contains(&plan))
      synced_.push_back(plan.name);
  }
  std::erase_if(plans, [&](const MailboxPlan& plan) { return plan.steps.empty() || failed.contains(&plan); });
  if (!plans.empty()) record(plans);
}

// What was achieved on the servers, in the database.
void Engine::record(const std::vector<MailboxPlan>& plans) {
  std::map<MailboxName, store::MailboxId> known = ids();
  store::Transaction transaction = store_.begin();
  for (const MailboxPlan& plan : plans) {
    for (const MailboxStep& step : plan.steps) {
      if (step.what == MailboxStep::Do::mark) store_.setSubscribed(known.at(plan.name), step.subscribed);
      if (step.what != MailboxStep::Do::add) continue;
      store_.addMailbox(plan.name, step.subscribed);
      log_.notice(About::database(), "Created mailbox " + lists_.hierarchy(Side::local).shown(plan.name));
    }
  }
  transaction.commit("mailboxes");
}

// Those with news on either side, or with something left to do.
std::vector<Mailbox> Engine::dirtyMailboxes() {
  std::set<store::MailboxId> unfinished;
  for (store::MailboxId id : store_.withJournal()) unfinished.insert(id);
  for (store::MailboxId id : store_.withRefused())
    if (std::ranges::any_of(store_.refused(id), [](const store::RefusedMessage& refused) {
          return refused.kind == store::Refusal::refused || refused.kind == store::Refusal::unsent;
        }))
      unfinished.insert(id);
  std::set<MailboxName> synced(synced_.begin(), synced_.end());
  std::vector<Mailbox> dirty;
  for (const store::KnownMailbox& known : store_.mailboxes()) {
    if (!synced.contains(known.name)) continue;
    bool news = unfinished.contains(known.id) || settings_.errand == settings::Errand::repair;
    for (Side side : kSides) {
      auto state = store_.state(known.id, side);
      auto it = lists_.listing(side).find(known.name);
      const answer::StatusEntry* status = it == lists_.listing(side).end() ? nullptr : &it->second.status;
      news = news || !state || status == nullptr || status->uidValidity != state->uidValidity ||
             status->uidNext != state->uidNext || status->highestModSeq != state->highestModSeq ||
             state->highestModSeq.value == 0 || !store_.mapped(known.id, side, state->uidNext).empty();
    }
    Mailbox mailbox{
        known.name,
        known.id,
        {lists_.hierarchy(Side::local).wire(known.name), lists_.hierarchy(Side::remote).wire(known.name)}};
    auto held = store_.held(known.id);
    if (held && !settings_.adopt)
      log_.error(About::at(held->side, mailbox.wire[held->side]), held->reason + startAfresh(mailbox),
                 ExitStatus::data);
    else if (held || news)
      dirty.push_back(std::move(mailbox));
  }
  return dirty;
}

// A run that was killed a moment ago may have left APPENDs in the server's hands: the kernel still sends what
// was written, the server still reads. Copying those again would double them, so the target is given time to
// become quiet.
void Engine::awaitStragglers(const std::vector<Mailbox>& mailboxes) {
  std::vector<std::pair<Side, WireName>> targets;
  for (const Mailbox& mailbox : mailboxes)
    for (Side side : kSides)
      if (std::time(nullptr) - store_.journal(mailbox.id, side).newest < kStragglersLive.count())
        targets.emplace_back(side, mailbox.wire[side]);
  if (targets.empty()) return;
  std::vector<UidNext> before;
  int quiet = 0;
  for (int looks = 0; looks < kMostLooks && quiet < kQuietLooks; ++looks) {
    if (looks > 0) exchange_.pause(kBetweenLooks);
    std::vector<Reply<answer::Selected>> replies;
    for (const auto& [side, wire] : targets) replies.push_back(servers_[side]->select(wire, {}, {}, {}));
    std::vector<UidNext> now;
    for (auto& reply : replies) now.push_back(reply.get().uidNext);
    quiet = now == before ? quiet + 1 : 0;
    before = std::move(now);
  }
}

// As after a kill: those that had not been answered when their connection was lost.
void Engine::awaitUnanswered(const Both<Lanes*>& lanes) {
  std::vector<Mailbox> mailboxes;
  for (Side side : kSides)
    for (const Mailbox* mailbox : lanes[side]->tally().unanswered) mailboxes.push_back(*mailbox);
  awaitStragglers(mailboxes);
}

void Engine::synchronise(const std::vector<Mailbox>& mailboxes) {
  awaitStragglers(mailboxes);
  for (std::size_t from = 0; from < mailboxes.size(); from += kTogether) {
    std::vector<Due> wave;
    for (std::size_t i = from; i < std::min(from + kTogether, mailboxes.size()); ++i)
      wave.push_back({.mailbox = &mailboxes[i]});
    for (int passes = 0; !wave.empty(); ++passes) {
      if (passes == kMostPasses) {
        for (const Due& due : wave)
          log_.error(About::at(Side::local, due.mailbox->wire.local),
                     "The servers do not come to agree; giving up for now", ExitStatus::tryAgain);
        break;
      }
      wave = pass(wave);
    }
  }
  connections_.letGo();
}

std::vector<Due> Engine::pass(const std::vector<Due>& mailboxes) {
  Lanes fromLocal(Side::local, connections_, store_, log_),
      fromRemote(Side::remote, connections_, store_, log_);
  Both<Lanes*> lanes{&fromLocal, &fromRemote};
  std::deque<Pass> passes;
  begin(passes, mailboxes, lanes);
  copy(lanes);
  for (Pass& it : passes) it.verify();
  for (Pass& it : passes) it.expunge();

  std::vector<Due> again;
  store::Transaction transaction = store_.begin();
  for (Pass& it : passes) {
    it.finish(lanes);
    if (it.next()) again.push_back(*it.next());
  }
  transaction.commit("state");
  awaitUnanswered(lanes);
  return again;
}

// What stays on one side alone because the other may not be written to.
void Engine::reportWithheld() {
  std::set<store::MailboxId> withRefused;
  for (store::MailboxId id : store_.withRefused()) withRefused.insert(id);
  if (withRefused.empty()) return;
  std::set<MailboxName> synced(synced_.begin(), synced_.end());
  for (const store::KnownMailbox& known : store_.mailboxes()) {
    if (!withRefused.contains(known.id) || !synced.contains(known.name)) continue;
    Both<std::uint64_t> denied, kept;  // on that side
    for (const store::RefusedMessage& refused : store_.refused(known.id)) {
      if (refused.kind == store::Refusal::denied) ++denied[refused.source];
      if (refused.kind == store::Refusal::kept) ++kept[refused.source];
    }
    for (Side side : kSides) {
      About about = About::at(side, lists_.hierarchy(side).wire(known.name));
      std::string there = std::string(" of ") + servers_[other(side)]->name();
      if (denied[other(side)] > 0)
        log_.caution(about,
                     "Mailbox is READ-ONLY: " + std::to_string(denied[other(side)]) + " message(s)" + there +
                         " are not added. When it may be written to, run with --repair.",
                     ExitStatus::tryAgain);
      if (kept[side] > 0)
        log_.caution(about,
                     "Nothing may be expunged here: " + std::to_string(kept[side]) +
                         " message(s) that were expunged on the other side stay. When they may be, run with "
                         "--repair.",
                     ExitStatus::tryAgain);
    }
  }
}

}  // namespace interimap
