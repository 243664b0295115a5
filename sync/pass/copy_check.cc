// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pass/copy_check.h"

#include <algorithm>
#include <map>

namespace interimap {

namespace {

// Messages that are looked at, on each side: those of a server that changes them all are the same story.
constexpr std::size_t kMostLookedAt = 128;

using Key = std::pair<HeaderDigest, std::int64_t>;  // that by which a copy is adopted

Uid uidOn(Side side, const store::Pair& pair) { return side == Side::local ? pair.local : pair.remote; }

// The pairs are none any more; the journal has what was copied.
void distrust(Work& work, Side target, const UidSet& pairs, UidNext targetNext) {
  Side source = other(target);
  UidSet sources, copies;
  store::Transaction transaction = work.store.begin();
  for (const store::Pair& pair : work.store.pairs(work.mailbox.id, Side::local, pairs)) {
    sources.add(uidOn(source, pair));
    copies.add(uidOn(target, pair));
    work.store.unmap(work.mailbox.id, pair.local);
  }
  work.store.suspect(work.mailbox.id, target, targetNext, sources);
  transaction.commit("distrust");
  work.log.warning(work.about(target), "Server told wrong UIDs: " + copies.text() +
                                           " are not the copies of " + work.servers[source]->name() +
                                           " UID(s) " + sources.text() + ". Looking for them.");
  work.startAgain({.mailbox = &work.mailbox, .again = true});
}

}  // namespace

void checkCopies(Work& work, const BothChanges& changes, Side target) {
  Side source = other(target);
  Both<UidSet> uids;
  std::vector<store::Pair> pairs = work.store.pairs(work.mailbox.id, target, changes[target]->doubtful);
  if (pairs.size() > kMostLookedAt) pairs.erase(pairs.begin() + kMostLookedAt, pairs.end());
  for (const store::Pair& pair : pairs)
    for (Side side : kSides) uids[side].add(uidOn(side, pair));
  const std::vector<Fresh>& fresh = changes[target]->fresh;
  for (std::size_t i = 0; i < std::min(fresh.size(), kMostLookedAt); ++i) uids[target].add(fresh[i].uid);

  Both<std::map<Uid, Key>> keys;
  Both<Reply<Nothing>> replies;
  for (Side side : kSides)
    replies[side] = work.at(side).fetch(
        uids[side], request::Fetch::Items::identity, [&keys, side](const answer::Message& message) {
          if (message.header && message.date)
            keys[side].insert_or_assign(message.uid, Key{*message.header, message.date->seconds()});
        });
  for (Side side : kSides)  // both: what is still to come must find `keys` alive
    if (const answer::Done& done = replies[side].done(); !done.ok())
      work.failOrTryAgain(side, done.code == answer::kUnreadable, words(done), ExitStatus::tryAgain);
  if (work.isOver()) return;

  std::map<Key, Uid> shown;  // what the target has, and where
  for (const auto& [uid, key] : keys[target]) shown.emplace(key, uid);
  UidSet wrong, taken;  // pairs by their local UID; copies of others
  for (const store::Pair& pair : pairs) {
    auto sent = keys[source].find(uidOn(source, pair)), copy = keys[target].find(uidOn(target, pair));
    if (sent == keys[source].end() || copy == keys[target].end() || sent->second == copy->second) continue;
    auto found = shown.find(sent->second);
    if (found == shown.end()) continue;
    wrong.add(pair.local);
    taken.add(found->second);
  }
  if (wrong.empty()) return;
  for (const store::Pair& pair : work.store.pairs(work.mailbox.id, target, taken)) wrong.add(pair.local);
  distrust(work, target, wrong, changes[target]->knownNext);
}

namespace {

// A mark that its origin got just before it was copied may have had it expunged: that was not meant for it.
// The next run copies it again.
void sendDropped(Work& work, BothChanges& changes, Side target) {
  UidSet dropped = changes[target]->gone.intersect(work.due.copiedThere[target]);
  if (dropped.empty()) return;
  store::Transaction transaction = work.store.begin();
  for (const store::Pair& pair : work.store.pairs(work.mailbox.id, target, dropped)) {
    work.store.unmap(work.mailbox.id, pair.local);
    work.store.refuse(work.mailbox.id, other(target), uidOn(other(target), pair), store::Refusal::unsent, "");
  }
  transaction.commit("dropped");
  changes[target]->gone.remove(dropped);
}

}  // namespace

void leaveDropped(Work& work, BothChanges& changes, Side target) {
  sendDropped(work, changes, target);
  if (work.servers[target]->means().collect == Means::Collect::qresync) return;
  UidSet dropped = changes[target]->gone.intersect(UidSet::from(changes[target]->knownNext)), sources;
  if (dropped.empty()) return;
  Side source = other(target);
  store::Transaction transaction = work.store.begin();
  for (const store::Pair& pair : work.store.pairs(work.mailbox.id, target, dropped)) {
    work.store.unmap(work.mailbox.id, pair.local);
    work.store.refuse(work.mailbox.id, source, uidOn(source, pair), store::Refusal::surplus, "");
    sources.add(uidOn(source, pair));
  }
  transaction.commit("dropped");
  changes[target]->gone.remove(dropped);
  work.refused[source].add(sources);
  reportDropped(work, source, sources);
}

void reportDropped(Work& work, Side source, const UidSet& uids) {
  work.log.warning(work.about(source),
                   "UID(s) " + uids.text() + " were taken by " + nameOf(other(source)) +
                       ", and are not there: it has the same message already, or somebody "
                       "expunged it at once. They stay on this side only.");
}

}  // namespace interimap
