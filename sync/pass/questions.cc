// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pass/questions.h"

#include <algorithm>
#include <chrono>

#include "sync/pass/known_flags.h"
#include "sync/pass/witnesses.h"

namespace interimap {

namespace {

using Items = request::Fetch::Items;

// What new messages are held against: so many at the least, and so many for each of them.
constexpr std::uint64_t kHeldAgainst = 128, kHeldAgainstEach = 4;

std::uint32_t clamped(std::uint64_t size) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(size, 0xffffffffU));
}

UidSet highest(const UidSet& uids, std::uint64_t most) {
  UidSet out;
  const auto& ranges = uids.ranges();
  for (auto it = ranges.rbegin(); it != ranges.rend() && out.size() < most; ++it) {
    std::uint64_t left = most - out.size();
    out.add(UidSet::Range{
        it->last - it->first < left ? it->first : static_cast<std::uint32_t>(it->last - left + 1), it->last});
  }
  return out;
}

// A server may tell of a message twice: at its own will, or as it answers to two FETCHes before it says OK to
// either.
void onceEach(std::vector<Fresh>& messages) {
  std::ranges::sort(messages, {}, &Fresh::uid);
  auto isSame = [](const Fresh& a, const Fresh& b) { return a.uid == b.uid; };
  messages.erase(std::unique(messages.begin(), messages.end(), isSame), messages.end());
}

std::uint64_t mostHeldAgainst(const Changes& changes) {
  return std::max<std::uint64_t>(kHeldAgainst, kHeldAgainstEach * changes.fresh.size());
}

}  // namespace

bool mayTry(const Work& work, const store::RefusedMessage& message) {
  switch (message.kind) {
    case store::Refusal::unsent: return true;
    case store::Refusal::refused: return !work.due.again;
    case store::Refusal::apart: return !work.apart.messages[message.source].contains(message.uid);
    case store::Refusal::denied: return !work.due.again && !work.access(other(message.source)).readOnly;
    case store::Refusal::outside: return !work.mailbox.policy.stillSays(message.reply, other(message.source));
    case store::Refusal::empty:
    case store::Refusal::tooLarge:
    case store::Refusal::kept:
    case store::Refusal::parted:
    case store::Refusal::surplus: return false;
  }
  return false;
}

void Questions::ask(Side side, const UidSet& redo) {
  changes_[side]->recount ? whichAreThere(side) : whetherGone(side);
  otherFlags(side);
  if (work_.due.afresh)
    whatWasSent(side);
  else
    whichAreOurs(side);
  owed(side, redo);
  whichAreOld(side);
  if (!work_.due.afresh) recentCopies(side);
  if (!work_.due.afresh) partnerless(side);
}

// By SEARCH, which may cost a line; where that has not told as many as there are, by FETCH.
void Questions::whichAreThere(Side side) {
  UidSet all = UidSet::below(work_.due.selected[side].uidNext);
  if (all.empty()) return;
  if (!work_.due.recounted)
    searches_[side] = work_.at(side).search(all);
  else
    outstanding_.emplace_back(
        side, work_.at(side).fetch(all, Items::flags,
                                   [this, side](const answer::Message& it) { present_[side].add(it.uid); }));
}

// A server that reports messages gone is asked for exactly those: some have been seen to report every message
// of a mailbox that was renamed. One that does not report it is searched: GNU imap4d says BAD to a FETCH of
// what is not there, and takes the UIDs of a SEARCH for message numbers, but for those of all.
void Questions::whetherGone(Side side) {
  UidSet gone = changes_[side]->gone;
  gone.add(changes_[side]->strangersGone.intersect(work_.refused[side]));
  if (gone.empty()) return;
  if (work_.servers[side]->means().collect == Means::Collect::everything) {
    searches_[side] = work_.at(side).search(UidSet::from(UidNext{1}));
    return;
  }
  outstanding_.emplace_back(
      side, work_.at(side).fetch(gone, Items::flags, [this, side](const answer::Message& message) {
        answers.alive[side].add(message.uid);
        if (message.flags) aliveWith_[side].insert_or_assign(message.uid, *message.flags);
      }));
}

// A change that only one side reports, of a message whose common flags are not known: the other side's flags
// are the ones that did not change.
void Questions::otherFlags(Side side) {
  UidSet uids, unknown;
  for (const auto& [uid, _] : changes_[side]->flags) uids.add(uid);
  for (const store::Pair& pair : work_.store.pairs(work_.mailbox.id, side, uids)) {
    Uid theirs = side == Side::local ? pair.remote : pair.local;
    if (!pair.base && !(changes_[other(side)] && changes_[other(side)]->flags.contains(theirs)))
      unknown.add(theirs);
  }
  if (unknown.empty()) return;
  Side there = other(side);
  outstanding_.emplace_back(
      there, work_.at(there).fetch(unknown, Items::flags, [this, there](const answer::Message& message) {
        if (message.flags) answers.told[there].insert_or_assign(message.uid, *message.flags);
      }));
}

// After a kill, and for long after it, what is new here may be a copy that we were making.
void Questions::whichAreOurs(Side target) {
  store::Journal journal = work_.store.journal(work_.mailbox.id, target);
  std::vector<store::Stray> strays = work_.store.strays(work_.mailbox.id, target);
  if (!journal.intents.empty() && !work_.due.again)
    work_.log.notice(work_.about(target), "Resuming interrupted sync for " + work_.mailbox.shown());
  if (journal.intents.empty() && strays.empty()) return;
  UidNext next = journal.intents.empty() ? strays.front().targetNext : journal.targetNext;
  for (const store::Stray& stray : strays) next = std::min(next, stray.targetNext);
  UidSet uids;
  for (const Fresh& fresh : changes_[target]->fresh)
    if (fresh.uid.value() >= next.value) uids.add(fresh.uid);
  for (const store::RefusedMessage& it : work_.store.refused(work_.mailbox.id))
    if (it.source == target && it.kind == store::Refusal::apart && mayTry(work_, it) &&
        it.uid.value() >= next.value)
      uids.add(UidSet::single(it.uid));
  if (!uids.empty()) identities(target, uids, answers.candidates[target]);
  if (!journal.unclear.empty()) identities(other(target), journal.unclear, answers.sources[other(target)]);
}

// Where every message is paired anew, what may be a copy is asked for once that is done (Resumption), and
// what it may be a copy of while its UIDs hold.
void Questions::whatWasSent(Side target) {
  const Side source = other(target);
  if (work_.distrusted || !changes_[source] || changes_[source]->meaningless) return;
  const UidSet unclear = work_.store.journal(work_.mailbox.id, target).unclear;
  if (!unclear.empty()) identities(source, unclear, answers.sources[source]);
}

void Questions::identities(Side side, const UidSet& uids, std::vector<answer::Message>& found) {
  outstanding_.emplace_back(
      side, work_.at(side).fetch(uids, Items::identity,
                                 [&found](const answer::Message& message) { found.push_back(message); }));
}

// What was refused before, or not finished, is below what this pass lists: asked for by itself.
void Questions::owed(Side source, const UidSet& redo) {
  UidSet owed;
  for (const store::RefusedMessage& refused : work_.store.refused(work_.mailbox.id))
    if (refused.source == source && mayTry(work_, refused)) owed.add(refused.uid);
  for (const store::Intent& intent : work_.store.journal(work_.mailbox.id, other(source)).intents)
    owed.add(intent.source);
  owed = owed.intersect(UidSet::below(changes_[source]->listedFrom));
  owed.add(redo);
  answers.owed[source] = owed;
  if (owed.empty()) return;
  outstanding_.emplace_back(
      source, work_.at(source).fetch(owed, Items::sizes, [this, source](const answer::Message& message) {
        toCopy_[source].push_back({message.uid, clamped(message.size)});
      }));
}

// By their INTERNALDATE, to the day. No other set is safe with each server (whetherGone).
void Questions::whichAreOld(Side side) {
  const auto& maxAge = work_.mailbox.policy.maxAge();
  if (!maxAge || (changes_[side]->fresh.empty() && answers.owed[side].empty())) return;
  const auto today = std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now());
  oldSearches_[side] = work_.at(side).search(UidSet::from(UidNext{1}), today - std::chrono::days(*maxAge));
}

// What is new may be somebody else's copy of what was copied before (sync/pass/surplus.h).
void Questions::recentCopies(Side side) {
  Changes& changes = *changes_[side];
  if (changes.fresh.empty()) {
    changes.copied = {};
    return;
  }
  UidSet recent = work_.store.copied(work_.mailbox.id, side).intersect(UidSet::below(changes.listedFrom));
  recent = highest(recent, mostHeldAgainst(changes));
  if (recent.empty()) return;
  outstanding_.emplace_back(
      side, work_.at(side).fetch(recent, Items::sizes, [this, side](const answer::Message& message) {
        copied_[side].push_back({message.uid, clamped(message.size)});
      }));
}

// What is new may be what the other side has alone (sync/pass/rejoin.h).
void Questions::partnerless(Side side) {
  const Changes& changes = *changes_[side];
  if (changes.fresh.empty() && answers.owed[side].empty()) return;
  const Side there = other(side);
  UidSet alone = highest(work_.refused[there], mostHeldAgainst(changes));
  for (const store::Pair& pair :
       work_.store.pairs(work_.mailbox.id, side, highest(changes.gone, mostHeldAgainst(changes))))
    alone.add(side == Side::local ? pair.remote : pair.local);
  if (alone.empty()) return;
  outstanding_.emplace_back(
      there, work_.at(there).fetch(alone, Items::sizes, [this, side](const answer::Message& message) {
        partnerless_[side].push_back({message.uid, clamped(message.size)});
      }));
}

bool Questions::isAnswered() const {
  return std::ranges::all_of(outstanding_, [](const auto& question) { return question.second.ready(); }) &&
         std::ranges::all_of(kSides, [&](Side side) {
           return (!searches_[side] || searches_[side]->ready()) &&
                  (!oldSearches_[side] || oldSearches_[side]->ready());
         });
}

bool Questions::settle() {
  for (auto& [side, reply] : outstanding_)
    if (const answer::Done& done = reply.done(); !done.ok())
      work_.failOrTryAgain(side, done.code == answer::kUnreadable, words(done), ExitStatus::tryAgain);
  for (Side side : kSides) {
    if (!oldSearches_[side]) continue;
    const answer::Done& done = oldSearches_[side]->done();
    if (done.ok())
      answers.old[side] = oldSearches_[side]->get();
    else
      work_.failOrTryAgain(side, done.code == answer::kUnreadable, words(done), ExitStatus::tryAgain);
  }
  for (Side side : kSides) {
    if (!searches_[side]) continue;
    const answer::Done& done = searches_[side]->done();
    if (done.ok())
      present_[side].add(searches_[side]->get());
    else if (!changes_[side]->recount)
      work_.fail(side, words(done), ExitStatus::tryAgain);
  }
  if (work_.isOver()) return false;
  for (Side side : kSides) {
    if (!changes_[side]) continue;
    Changes& changes = *changes_[side];
    if (changes.recount)
      conclude({work_.store.mapped(work_.mailbox.id, side), work_.refused[side], present_[side],
                work_.due.selected[side].exists, work_.known[side]->messages},
               changes);
    if (!aliveWith_[side].empty()) {
      KnownFlags known(work_.store, work_.mailbox.id, side, work_.due.copies[side].get());
      for (const auto& [uid, flags] : aliveWith_[side])
        if (changes.gone.contains(uid) && !known.are(uid, flags)) changes.flags.insert_or_assign(uid, flags);
    }
    if (!changes.recount) answers.alive[side].add(present_[side]);
    changes.gone.remove(answers.alive[side]);
    changes.partnerless = std::move(partnerless_[side]);
    changes.copied.insert(changes.copied.end(), copied_[side].begin(), copied_[side].end());
    changes.fresh.insert(changes.fresh.end(), toCopy_[side].begin(), toCopy_[side].end());
    onceEach(changes.fresh);
  }
  return true;
}

}  // namespace interimap
