// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pass/outcome.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>

namespace interimap {

namespace {

// A look at a mailbox without mod-sequences in which nothing was new writes nothing.
void rememberState(const Work& work, const BothChanges& changes, const Application& done) {
  const store::MailboxId id = work.mailbox.id;
  Both<store::SideState> reached{work.reached(Side::local), work.reached(Side::remote)};
  bool same = work.store.hasBase(id);
  for (Side side : kSides) {
    auto& messages = reached[side].messages;
    const std::uint64_t expunged = done.expunged()[side];
    if (changes[side] && messages)
      *messages -= static_cast<std::uint32_t>(std::min<std::uint64_t>(*messages, expunged));
    if (changes[side] && changes[side]->doubt) messages.reset();
    same = same && work.known[side] == reached[side];
  }
  if (!same) work.store.putState(id, reached.local, reached.remote);
}

// Those that were shown, and those that were copied in the meantime.
void rememberLandmarks(const Work& work, const std::optional<Changes>& changes, Side side,
                       const std::map<Uid, HeaderDigest>& copied) {
  if (!changes || (changes->landmarksAsked.empty() && copied.empty())) return;
  const store::MailboxId id = work.mailbox.id;
  const std::map<Uid, HeaderDigest> before = work.store.landmarks(id, side);
  std::map<Uid, HeaderDigest> landmarks = before;
  std::erase_if(landmarks, [&](const auto& it) { return changes->landmarksAsked.contains(it.first); });
  for (const auto& [uid, header] : changes->landmarks)
    if (work.store.partner(id, side, uid)) landmarks.emplace(uid, header);
  for (const auto& [uid, header] : copied) landmarks.insert_or_assign(uid, header);
  while (landmarks.size() > store::kLandmarks) landmarks.erase(landmarks.begin());
  if (landmarks != before) work.store.setLandmarks(id, side, landmarks);
}

// Whether the servers have as many messages as we know of. What else there is, is another pass's matter.
std::string misfit(const Work& work, const BothChanges& changes) {
  const store::Store& store = work.store;
  std::uint64_t pairs = store.count(work.mailbox.id);
  for (const store::RefusedMessage& refused : store.refused(work.mailbox.id))
    if (refused.kind == store::Refusal::unsent) return {};
  for (Side side : kSides) {
    if (!store.journal(work.mailbox.id, side).intents.empty()) return {};
    if (changes[side] && changes[side]->doubt) return {};
    std::uint64_t known = pairs + store.refusedUids(work.mailbox.id, side).size();
    if (work.due.selected[side].exists != known)
      return std::string(work.servers[side]->name()) + " has " +
             std::to_string(work.due.selected[side].exists) + " messages, not the " + std::to_string(known) +
             " that are known";
  }
  return {};
}

// What a server said that it took, under a UID that cannot be.
void reportUnfound(const Work& work) {
  for (Side side : kSides) {
    UidSet sources;
    for (const store::Intent& intent : work.store.journal(work.mailbox.id, side).intents)
      sources.add(UidSet::single(intent.source));
    sources.remove(work.apart.messages[other(side)]);
    if (!sources.empty())
      work.log.error(work.about(other(side)),
                     "UID(s) " + sources.text() + " were taken by " + nameOf(side) +
                         ", as it said, and are not there. The next run looks for them.",
                     ExitStatus::tryAgain);
  }
}

Due following(const Work& work) {
  Due next = work.due;
  next.again = true;
  next.full = next.afresh = next.recounted = false;
  next.rebuilt = {};
  return next;
}

}  // namespace

void rememberNames(const Work& work, Changes& changes, Side side) {
  std::ranges::sort(changes.names, {}, &store::Named::uid);
  auto isSame = [](const store::Named& a, const store::Named& b) { return a.uid == b.uid; };
  changes.names.erase(std::unique(changes.names.begin(), changes.names.end(), isSame), changes.names.end());
  work.store.addIds(work.mailbox.id, side, changes.names);
}

bool isAnyCopiedThere(const Work& work, const Both<Lanes*>& lanes) {
  return std::ranges::any_of(
      kSides, [&](Side side) { return lanes[side]->tally().copiedThere.contains(&work.mailbox); });
}

void rememberReached(const Work& work, const BothChanges& changes, const Application& done,
                     const Both<Lanes*>& lanes) {
  rememberState(work, changes, done);
  work.store.forgetCopied(work.mailbox.id);
  for (Side side : kSides) {
    auto copied = lanes[side]->tally().landmarks.find(&work.mailbox);
    rememberLandmarks(
        work, changes[side], side,
        copied == lanes[side]->tally().landmarks.end() ? std::map<Uid, HeaderDigest>() : copied->second);
  }
}

void carryOver(Due& next, const Application& done, const Both<Lanes*>& lanes) {
  for (Side side : kSides) {
    Lanes& copied = *lanes[other(side)];
    auto unnamed = copied.tally().unnamed.find(next.mailbox);
    next.unnamed[side] = unnamed == copied.tally().unnamed.end() ? UidSet() : unnamed->second;
    auto there = copied.tally().copiedThere.find(next.mailbox);
    next.copiedThere[side] = there == copied.tally().copiedThere.end() ? UidSet() : there->second;
    next.copies[side] = std::make_shared<const Copies>(copied.takeCopies(*next.mailbox));
    next.expunged[side] += done.expunged()[side];
  }
}

void findCopies(Work& work, const Application& done, const Both<Lanes*>& lanes) {
  Due next = following(work);
  next.sides = {true, true};
  carryOver(next, done, lanes);
  if (!next.unnamed.local.empty() || !next.unnamed.remote.empty()) work.next = std::move(next);
}

void decideNext(Work& work, const BothChanges& changes, const Application& done, const Both<Lanes*>& lanes) {
  Due next = following(work);
  for (Side side : kSides)
    next.sides[side] = done.plan().writes(side) || !work.surplus[side].empty() || done.owed()[side] ||
                       lanes[other(side)]->tally().appendedTo.contains(&work.mailbox) ||
                       lanes[side]->tally().incomplete.contains(&work.mailbox);
  for (Side side : kSides) {
    if (!lanes[side]->tally().owed.contains(&work.mailbox)) continue;
    next.sides[side] = next.byItself = true;
  }
  if (isAnyCopiedThere(work, lanes)) next.sides = {true, true};
  carryOver(next, done, lanes);
  if (!next.sides.local && !next.sides.remote) {
    std::string text = misfit(work, changes);
    if (text.empty()) return reportUnfound(work);
    // A message may have come or gone between SELECT and FETCH: first another look.
    next.sides = {true, true};
    next.full = ++next.doubts == 2;
    if (next.full) work.log.warning(work.about(Side::local), text + ". Comparing every message.");
    if (next.doubts > 2)
      return work.log.error(work.about(Side::local), text + ", and every message was compared.",
                            ExitStatus::tryAgain);
  }
  work.next = next;
}

}  // namespace interimap
