// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Pass: what SELECT did not tell is asked for.
#include "sync/pass/pass.h"

#include <algorithm>

#include "ipc/side.h"

namespace interimap {

namespace {

using Items = request::Fetch::Items;

}  // namespace

// --repair: a message that one side lost without a word is copied again from the other. If both lost it, or
// one did after the other's was expunged, it is gone.
void Pass::findLost() {
  for (Side side : kSides) {
    Changes &changes = *changes_[side], &others = *changes_[other(side)];
    UidSet gone;
    for (const store::Pair& pair : store_.pairs(mailbox_.id, side, changes.lost)) {
      bool local = side == Side::local;
      Uid here = local ? pair.local : pair.remote, there = local ? pair.remote : pair.local;
      if (others.lost.contains(there) || others.gone.contains(there)) {
        gone.add(here);
        if (local || others.gone.contains(there))
          log_.warning(at(side), "Pair (lUID,rUID) = (" + std::to_string(pair.local.value()) + "," +
                                     std::to_string(pair.remote.value()) + ") vanished from " +
                                     mailbox_.shown() + ". Repairing.");
      } else {
        redo_[other(side)].add(there);
        log_.warning(at(side), "UID " + std::to_string(here.value()) + " disappeared. Redownloading " +
                                   servers_[other(side)]->name() + " UID " + std::to_string(there.value()) +
                                   ".");
      }
    }
    changes.gone.add(gone);
  }
}

// Neither new nor known.
void Pass::reportUnmatched() {
  for (Side side : kSides)
    for (const Fresh& fresh : changes_[side]->fresh)
      if (fresh.uid.value() < changes_[side]->knownNext().value && !refused_[side].contains(fresh.uid) &&
          !redo_[side].contains(fresh.uid))
        log_.warning(at(other(side)), std::string("No match for modified ") + servers_[side]->name() +
                                          " UID " + std::to_string(fresh.uid.value()) + ". Redownloading.");
}

// A pair that differs though neither side reported a change since last time.
void Pass::reportUnreported() {
  for (Side side : kSides) {
    UidSet uids;
    for (const auto& [uid, _] : changes_[side]->flags)
      if (changes_[side]->unreported.contains(uid)) uids.add(uid);
    for (const store::Pair& pair : store_.pairs(mailbox_.id, side, uids))
      log_.warning(at(side), "Missed flag update in " + mailbox_.shown() + " for (lUID,rUID) = (" +
                                 std::to_string(pair.local.value()) + "," +
                                 std::to_string(pair.remote.value()) + "). Repairing.");
  }
}

// A server that reports messages gone is asked for exactly those: some have been seen to report every message
// of a mailbox that was renamed.
void Pass::askWhetherGone(Side side) {
  UidSet gone = changes_[side]->gone;
  gone.add(changes_[side]->strangersGone.intersect(refused_[side]));
  if (gone.empty()) return;
  servers_[side]->ensureSelected(mailbox_.wire[side]);
  questions_.emplace_back(
      side, servers_[side]->fetch(gone, Items::flags, [this, side](const answer::Message& message) {
        alive_[side].add(message.uid);
        if (message.flags) changes_[side]->message(message.uid, *message.flags);
      }));
}

// A change that only one side reports, of a message whose common flags are not known: the other side's flags
// are the ones that did not change.
void Pass::askOtherFlags(Side side) {
  UidSet uids, unknown;
  for (const auto& [uid, _] : changes_[side]->flags) uids.add(uid);
  for (const store::Pair& pair : store_.pairs(mailbox_.id, side, uids)) {
    Uid theirs = side == Side::local ? pair.remote : pair.local;
    if (!pair.base && !(changes_[other(side)] && changes_[other(side)]->flags.contains(theirs)))
      unknown.add(theirs);
  }
  if (unknown.empty()) return;
  Side there = other(side);
  servers_[there]->ensureSelected(mailbox_.wire[there]);
  questions_.emplace_back(
      there, servers_[there]->fetch(unknown, Items::flags, [this, there](const answer::Message& message) {
        if (message.flags) told_[there].insert_or_assign(message.uid, *message.flags);
      }));
}

// After a kill, what is new here may be a copy that we were making.
void Pass::askIdentities(Side target) {
  store::Journal journal = store_.journal(mailbox_.id, target);
  if (journal.intents.empty()) return;
  log_.notice(at(target), "Resuming interrupted sync for " + mailbox_.shown());
  UidSet uids;
  for (const Fresh& fresh : changes_[target]->fresh)
    if (fresh.uid.value() >= journal.targetNext.value) uids.add(fresh.uid);
  if (uids.empty()) return;
  askIdentities(target, uids, candidates_[target]);
  // Written down, but not which messages they are; after a power loss they may have been sent all the same.
  UidSet unknown;
  for (const store::Intent& intent : journal.intents)
    if (!intent.identity) unknown.add(intent.source);
  if (!unknown.empty()) askIdentities(other(target), unknown, sources_[other(target)]);
}

void Pass::askIdentities(Side side, const UidSet& uids, std::vector<answer::Message>& found) {
  servers_[side]->ensureSelected(mailbox_.wire[side]);
  questions_.emplace_back(
      side, servers_[side]->fetch(uids, Items::identity,
                                  [&found](const answer::Message& message) { found.push_back(message); }));
}

// Refused messages are tried once a run; empty ones, and those above our own limit, never.
bool Pass::mayTry(const store::RefusedMessage& message) const {
  switch (message.kind) {
    case store::Refusal::unsent: return true;
    case store::Refusal::refused: return !due_.again;
    case store::Refusal::denied: return !due_.again && !access(other(message.source)).readOnly;
    case store::Refusal::empty:
    case store::Refusal::tooLarge:
    case store::Refusal::kept: return false;
  }
  return false;
}

// What was refused before, or not finished, is below what this pass lists: asked for by itself.
void Pass::askOwed(Side source) {
  UidSet owed;
  for (const store::RefusedMessage& refused : store_.refused(mailbox_.id))
    if (refused.source == source && mayTry(refused)) owed.add(refused.uid);
  for (const store::Intent& intent : store_.journal(mailbox_.id, other(source)).intents)
    owed.add(intent.source);
  owed = owed.intersect(UidSet::below(changes_[source]->listedFrom()));
  owed.add(redo_[source]);
  owed_[source] = owed;
  if (owed.empty()) return;
  servers_[source]->ensureSelected(mailbox_.wire[source]);
  questions_.emplace_back(
      source, servers_[source]->fetch(owed, Items::sizes, [this, source](const answer::Message& message) {
        changes_[source]->fresh.push_back(
            {message.uid, static_cast<std::uint32_t>(std::min<std::uint64_t>(message.size, 0xffffffffU))});
      }));
}

bool Pass::isAnswered() const {
  return std::ranges::all_of(questions_, [](const auto& question) { return question.second.ready(); });
}

bool Pass::answered() {
  for (auto& [side, reply] : questions_)
    if (const answer::Done& done = reply.done(); !done.ok())
      failOrTryAgain(side, done.code == answer::kUnreadable, words(done), ExitStatus::tryAgain);
  if (twins_) twins_->wait();
  return !failed_;
}

}  // namespace interimap
