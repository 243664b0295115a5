// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pass/resumption.h"

#include <algorithm>

#include "sync/pass/adopt.h"

namespace interimap {

namespace {

using Items = request::Fetch::Items;

// What a server does not show remains unknown.
Contents askContents(Work& work, Side source, const Ambiguous& doubtful) {
  Contents contents;
  if (doubtful.sources.empty()) return contents;
  auto ask = [&work](Side side, const UidSet& uids, std::map<Uid, ContentDigest>& out) {
    return work.at(side).fetch(uids, Items::content, [&out](const answer::Message& message) {
      if (message.content) out.emplace(message.uid, *message.content);
    });
  };
  auto here = ask(source, doubtful.sources, contents.sources),
       there = ask(other(source), doubtful.copies, contents.copies);
  for (auto& [side, reply] : {std::pair(source, &here), std::pair(other(source), &there)})
    if (const answer::Done& done = reply->done(); done.code == answer::kUnreadable && !work.due.again)
      work.failOrTryAgain(side, true, words(done), ExitStatus::tryAgain);
  return contents;
}

}  // namespace

bool Resumption::run() {
  for (Side side : kSides)
    if (changes_[side] && !adopt(side)) return false;
  for (Side side : kSides) {
    if (!changes_[side]) continue;
    settleOwed(side);
    forgetDeparted(side);
  }
  return true;
}

// What was being copied to `target`, each with its identity.
std::vector<store::Intent> Resumption::intents(Side target) const {
  std::vector<store::Intent> intents = work_.store.journal(work_.mailbox.id, target).intents;
  const std::vector<answer::Message>& sources = answers_.sources[other(target)];
  for (store::Intent& intent : intents) {
    if (intent.identity) continue;
    auto it = std::ranges::find(sources, intent.source, &answer::Message::uid);
    if (it != sources.end() && it->header && it->date)
      intent.identity = Identity{*it->header, it->date->seconds(), it->size};
  }
  return intents;
}

// Copies found are mapped. Their flags may have changed since, on either side: both are asked. If the source
// is gone, what looks like our copy may as well be what a user moved here: nothing is expunged for a guess,
// it is new mail. If the copy is gone, the source is copied again.
bool Resumption::adopt(Side target) {
  Side source = other(target);
  auto partnered = [&](Side side, Uid uid) {  // since the other direction was looked at
    return work_.store.partner(work_.mailbox.id, side, uid).has_value();
  };
  std::vector<store::Intent> left = intents(target);
  std::vector<answer::Message>& candidates = answers_.candidates[target];
  std::erase_if(left, [&](const auto& intent) { return partnered(source, intent.source); });
  std::erase_if(candidates, [&](const auto& message) { return partnered(target, message.uid); });
  auto adopted = adoptCopies(left, candidates, askContents(work_, source, ambiguous(left, candidates)));
  if (work_.isOver()) return false;
  if (adopted.empty()) return true;
  Both<UidSet> asked, seen;
  for (const Adopted& pair : adopted) {
    asked[source].add(pair.source);
    asked[target].add(pair.copy);
  }
  for (Side side : kSides)
    if (!askFlags(side, asked[side], seen[side])) return false;
  UidSet sources, copies;
  for (const Adopted& pair : adopted) {
    if (!seen[source].contains(pair.source) || !seen[target].contains(pair.copy) ||
        partnered(source, pair.source))
      continue;
    bool toLocal = target == Side::local;
    work_.store.map(work_.mailbox.id, toLocal ? pair.copy : pair.source, toLocal ? pair.source : pair.copy,
                    pair.flags);
    work_.store.settle(work_.mailbox.id, target, pair.source);
    work_.store.unrefuse(work_.mailbox.id, source, pair.source);
    sources.add(pair.source);
    copies.add(pair.copy);
  }
  if (copies.empty()) return true;
  work_.log.info(work_.about(target).with(copies), "Recovered " + std::to_string(copies.size()) + " UID(s) " +
                                                       copies.text() + " copied by an interrupted run");
  std::erase_if(changes_[target]->fresh, [&](const Fresh& fresh) { return copies.contains(fresh.uid); });
  if (changes_[source])
    std::erase_if(changes_[source]->fresh, [&](const Fresh& fresh) { return sources.contains(fresh.uid); });
  return true;
}

bool Resumption::askFlags(Side side, const UidSet& asked, UidSet& seen) {
  auto reply = work_.at(side).fetch(asked, Items::flags, [&](const answer::Message& message) {
    seen.add(message.uid);
    if (message.flags) answers_.told[side].insert_or_assign(message.uid, *message.flags);
  });
  if (!reply.done().ok()) {
    work_.fail(side, words(reply.done()), ExitStatus::tryAgain);
    return false;
  }
  departed_[side].add(asked.minus(seen));
  return true;
}

// Owed messages that do not exist any more are not owed; what is left of the journal is copied again, though
// it was refused before: this time nobody has answered.
void Resumption::settleOwed(Side source) {
  Changes& changes = *changes_[source];
  UidSet there;
  std::ranges::sort(changes.fresh, {}, &Fresh::uid);
  for (const Fresh& fresh : changes.fresh) there.add(fresh.uid);
  UidSet looked = answers_.owed[source];
  looked.add(UidSet::from(changes.listedFrom));
  for (const store::RefusedMessage& it : work_.store.refused(work_.mailbox.id))
    if (it.source == source && looked.contains(it.uid) && !there.contains(it.uid))
      work_.store.unrefuse(work_.mailbox.id, source, it.uid);
  UidSet begun;
  for (const store::Intent& intent : work_.store.journal(work_.mailbox.id, other(source)).intents)
    begun.add(intent.source);
  work_.store.settle(work_.mailbox.id, other(source), begun.minus(there));
  UidSet never;
  for (const store::RefusedMessage& it : work_.store.refused(work_.mailbox.id))
    if (it.source == source && !mayTry(work_, it)) never.add(it.uid);
  never.remove(begun);
  std::erase_if(changes.fresh, [&](const Fresh& fresh) { return never.contains(fresh.uid); });
}

// Messages that were on one side alone, and are gone from there.
void Resumption::forgetDeparted(Side side) {
  UidSet departed = changes_[side]->strangersGone.intersect(work_.refused[side]).minus(answers_.alive[side]);
  for (Uid uid : departed.each()) work_.store.unrefuse(work_.mailbox.id, side, uid);
}

}  // namespace interimap
