// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/engine.h"

#include <algorithm>
#include <set>
#include <string>

#include "ipc/failure.h"
#include "ipc/side.h"
#include "sync/mailboxes/one_account.h"
#include "sync/mailboxes/ownership.h"
#include "sync/mailboxes/prefixes.h"

namespace interimap {

Engine::Engine(const settings::Sync& settings, Connections& connections, Exchange& exchange,
               store::Store& store, Log& log, Allowance& allowance)
    : settings_(settings),
      servers_(connections.first()),
      store_(store),
      log_(log),
      lists_(settings, connections.first(), log),
      mailboxes_(settings, connections.first(), store, log, lists_),
      renamings_(connections.first(), store, log, lists_, mailboxes_),
      deletions_(settings, connections.first(), store, log, lists_, mailboxes_),
      passes_(settings, connections, exchange, store, log, lists_, allowance) {}

void Engine::run(bool first) {
  usePrefixes(store_, lists_);
  lists_.fetch();
  if (first) removeProbes(servers_, lists_, log_);
  if (first) refuseOneAccount(settings_, servers_, lists_, store_, log_);
  prepareDatabase();
  recordPrefixes(lists_, store_);
  checkOwnership(settings_, {&lists_.listing(Side::local), &lists_.listing(Side::remote)}, store_, log_);
  renamings_.resume();
  mailboxes_.checkListings(first);
  lists_.reportUnmatched();
  if (first) mailboxes_.rules().reportUnmatched(log_);
  if (first) lists_.reportLeftOut();
  renamings_.follow();
  mailboxes_.forgetGone(false);
  std::vector<MailboxPlan> plans = mailboxes_.plan();
  deletions_.judge(plans);
  mailboxes_.carryOut(std::move(plans));
  log_.done().mailboxes = static_cast<std::uint32_t>(mailboxes_.synced().size());
  passes_.synchronise(mailboxes_.dirty());
  if (!passes_.isCutShort()) deletions_.carryOut();
  reportWithheld();
  if (log_.status() == ExitStatus::ok) log_.debug(About::run(), "Clean state!");
}

void Engine::preview() {
  usePrefixes(store_, lists_);
  lists_.fetch();
  refuseOneAccount(settings_, servers_, lists_, store_, log_);
  mailboxes_.checkListings(true);
  lists_.reportUnmatched();
  mailboxes_.rules().reportUnmatched(log_);
  lists_.reportLeftOut();
  renamings_.preview();
  mailboxes_.forgetGone(true);
  if (store_.isNew()) store_.createSchema();  // in memory
  std::vector<MailboxPlan> plans = mailboxes_.plan();
  deletions_.judge(plans, true);
  mailboxes_.preview(plans);
  log_.done().mailboxes = static_cast<std::uint32_t>(mailboxes_.synced().size());
  for (const MailboxPlan& plan : plans)
    if (std::ranges::any_of(plan.steps,
                            [](const MailboxStep& step) { return step.what == MailboxStep::Do::add; }))
      previewNew(plan);
  if (store_.version() > 0)
    for (const Mailbox& mailbox : mailboxes_.dirty()) passes_.preview(mailbox);
  // A sum that lacks some would mislead.
  if (unsized_.local) log_.done().octetsToLocal = 0;
  if (unsized_.remote) log_.done().octetsToRemote = 0;
}

// One that is to be added to the database.
void Engine::previewNew(const MailboxPlan& plan) {
  Both<std::uint32_t> messages;
  for (Side side : kSides)
    if (auto it = lists_.listing(side).find(plan.name); it != lists_.listing(side).end())
      messages[side] = it->second.status.messages.value_or(0);
  Mailbox mailbox = mailboxes_.mailbox(plan.name, store::MailboxId{});
  if (messages.local > 0 && messages.remote > 0 && store_.version() > 0) return passes_.preview(mailbox);
  const Policy& policy = mailbox.policy;
  for (Side side : kSides) {
    if (messages[other(side)] == 0) continue;
    const std::string all =
        std::to_string(messages[other(side)]) + " message(s), all that " + nameOf(other(side)) + " has";
    const std::string why = policy.whyOutside(side, 0, false);
    if (why.empty()) {
      (side == Side::local ? log_.done().copiedToLocal : log_.done().copiedToRemote) += messages[other(side)];
      unsized_[side] = true;
    }
    log_.notice(About::at(side, mailbox.wire[side]),
                !why.empty() ? "Would not add " + all + ": " + why + policy.where()
                : policy.copiesAll(side)
                    ? "Would add " + all
                    : "Would add at most " + all + ": see max-size and max-age" + policy.where());
  }
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

// What stays on one side alone because the other may not be written to.
void Engine::reportWithheld() {
  std::set<store::MailboxId> withRefused;
  for (store::MailboxId id : store_.withRefused()) withRefused.insert(id);
  if (withRefused.empty()) return;
  std::set<MailboxName> synced(mailboxes_.synced().begin(), mailboxes_.synced().end());
  for (const store::KnownMailbox& known : store_.mailboxes()) {
    if (!withRefused.contains(known.id) || !synced.contains(known.name)) continue;
    Both<std::uint64_t> denied, kept;  // on that side
    const Policy policy = mailboxes_.rules().of(known.name);
    for (const store::RefusedMessage& refused : store_.refused(known.id)) {
      const Side side = refused.source;
      if (refused.kind == store::Refusal::denied && policy.writes(other(side))) ++denied[side];
      if (refused.kind == store::Refusal::kept && policy.expunges(side)) ++kept[side];
    }
    for (Side side : kSides) {
      About about = About::at(side, lists_.hierarchy(side).wire(known.name));
      std::string there = std::string(" of ") + nameOf(other(side));
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
