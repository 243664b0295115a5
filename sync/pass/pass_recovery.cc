// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Pass: brings the database to where an interrupted run left the servers.
#include "sync/pass/pass.h"

#include <algorithm>

#include "ipc/side.h"
#include "sync/pass/adopt.h"

namespace interimap {

namespace {

using Items = request::Fetch::Items;

}  // namespace

// Brings the database to where the interrupted run left the servers, or makes the first entry.
void Pass::resume() {
  store::Transaction transaction = store_.begin();
  if (!known_.local || !known_.remote)
    store_.putState(mailbox_.id, reached(Side::local, true), reached(Side::remote, true));
  for (Side side : kSides)
    for (const store::Pair& pair : store_.pairs(mailbox_.id, side, redo_[side]))
      store_.unmap(mailbox_.id, pair.local);
  for (Side side : kSides)
    if (changes_[side] && !failed_) adopt(side);
  for (Side side : kSides) {
    if (!changes_[side] || failed_) continue;
    settleOwed(side);
    forgetDeparted(side);
  }
  if (!failed_ && twins_ && findTwins()) {
    touchTwins();
    joinTwins();
    twins_.reset();
  }
  if (!failed_) transaction.commit("resume");
}

// Since the other direction was looked at.
bool Pass::partnered(Side side, Uid uid) const { return store_.partner(mailbox_.id, side, uid).has_value(); }

// What was being copied to `target`, each with its identity.
std::vector<store::Intent> Pass::intents(Side target) const {
  std::vector<store::Intent> intents = store_.journal(mailbox_.id, target).intents;
  const std::vector<answer::Message>& sources = sources_[other(target)];
  for (store::Intent& intent : intents) {
    if (intent.identity) continue;
    auto it = std::ranges::find(sources, intent.source, &answer::Message::uid);
    if (it != sources.end() && it->header && it->date)
      intent.identity = Identity{*it->header, it->date->seconds(), it->size};
  }
  return intents;
}

// What a server does not show remains unknown.
Contents Pass::askContents(Side source, const Ambiguous& doubtful) {
  Contents contents;
  if (doubtful.sources.empty()) return contents;
  auto ask = [this](Side side, const UidSet& uids, std::map<Uid, ContentDigest>& out) {
    servers_[side]->ensureSelected(mailbox_.wire[side]);
    return servers_[side]->fetch(uids, Items::content, [&out](const answer::Message& message) {
      if (message.content) out.emplace(message.uid, *message.content);
    });
  };
  auto here = ask(source, doubtful.sources, contents.sources),
       there = ask(other(source), doubtful.copies, contents.copies);
  for (auto& [side, reply] : {std::pair(source, &here), std::pair(other(source), &there)})
    if (const answer::Done& done = reply->done(); done.code == answer::kUnreadable && !due_.again)
      failOrTryAgain(side, true, words(done), ExitStatus::tryAgain);
  return contents;
}

// Copies found are mapped. Their flags may have changed since, on either side: both are asked. If the source
// is gone, what looks like our copy may as well be what a user moved here: nothing is expunged for a guess,
// it is new mail. If the copy is gone, the source is copied again.
void Pass::adopt(Side target) {
  Side source = other(target);
  std::vector<store::Intent> left = intents(target);
  std::erase_if(left, [&](const auto& intent) { return partnered(source, intent.source); });
  std::erase_if(candidates_[target], [&](const auto& message) { return partnered(target, message.uid); });
  auto adopted =
      adoptCopies(left, candidates_[target], askContents(source, ambiguous(left, candidates_[target])));
  if (failed_ || adopted.empty()) return;
  Both<UidSet> asked, seen;
  for (const Adopted& pair : adopted) {
    asked[source].add(pair.source);
    asked[target].add(pair.copy);
  }
  for (Side side : kSides) {
    servers_[side]->ensureSelected(mailbox_.wire[side]);
    auto reply =
        servers_[side]->fetch(asked[side], Items::flags, [this, &seen, side](const answer::Message& message) {
          seen[side].add(message.uid);
          if (message.flags) told_[side].insert_or_assign(message.uid, *message.flags);
        });
    if (!reply.done().ok()) return fail(side, words(reply.done()), ExitStatus::tryAgain);
    departed_[side].add(asked[side].minus(seen[side]));
  }
  UidSet sources, copies;
  for (const Adopted& pair : adopted) {
    if (!seen[source].contains(pair.source) || !seen[target].contains(pair.copy) ||
        store_.partner(mailbox_.id, source, pair.source))
      continue;
    bool toLocal = target == Side::local;
    store_.map(mailbox_.id, toLocal ? pair.copy : pair.source, toLocal ? pair.source : pair.copy, pair.flags);
    store_.settle(mailbox_.id, target, pair.source);
    store_.unrefuse(mailbox_.id, source, pair.source);
    sources.add(pair.source);
    copies.add(pair.copy);
  }
  if (copies.empty()) return;
  log_.info(at(target), "Recovered " + std::to_string(copies.size()) + " UID(s) " + copies.text() +
                            " copied by an interrupted run");
  std::erase_if(changes_[target]->fresh, [&](const Fresh& fresh) { return copies.contains(fresh.uid); });
  if (changes_[source])
    std::erase_if(changes_[source]->fresh, [&](const Fresh& fresh) { return sources.contains(fresh.uid); });
}

// Owed messages that do not exist any more are not owed; what is left of the journal is copied again, though
// it was refused before: this time nobody has answered.
void Pass::settleOwed(Side source) {
  Changes& changes = *changes_[source];
  UidSet there;
  std::ranges::sort(changes.fresh, {}, &Fresh::uid);
  for (const Fresh& fresh : changes.fresh) there.add(fresh.uid);
  UidSet looked = owed_[source];
  looked.add(UidSet::from(changes.listedFrom()));
  for (const store::RefusedMessage& refused : store_.refused(mailbox_.id))
    if (refused.source == source && looked.contains(refused.uid) && !there.contains(refused.uid))
      store_.unrefuse(mailbox_.id, source, refused.uid);
  UidSet begun;
  for (const store::Intent& intent : store_.journal(mailbox_.id, other(source)).intents)
    begun.add(intent.source);
  store_.settle(mailbox_.id, other(source), begun.minus(there));
  UidSet never;
  for (const store::RefusedMessage& refused : store_.refused(mailbox_.id))
    if (refused.source == source && !mayTry(refused)) never.add(refused.uid);
  never.remove(begun);
  std::erase_if(changes.fresh, [&](const Fresh& fresh) { return never.contains(fresh.uid); });
}

// Messages that were on one side alone, and are gone from there.
void Pass::forgetDeparted(Side side) {
  UidSet departed = changes_[side]->strangersGone.intersect(refused_[side]).minus(alive_[side]);
  for (Uid uid : departed.each()) store_.unrefuse(mailbox_.id, side, uid);
}

}  // namespace interimap
