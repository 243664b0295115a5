// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Pass: what was copied a moment ago, held against what the target shows of it.
//
// A server's APPENDUID (RFC 4315 section 3) is a claim: servers have been seen to name another session's
// message. The pass that follows lists the copies anyway, with their sizes. One that is not as large as what
// was sent may be as it should be, as servers change line ends and header fields. So it is looked at, and a
// pair is given up only where the copy is found under another UID: then the journal has it, and the next pass
// adopts it from there (sync/pass/adopt.h). Nothing is asked for as long as the sizes are right.
#include "sync/pass/pass.h"

#include <algorithm>
#include <map>

#include "ipc/side.h"

namespace interimap {

namespace {

// Messages that are looked at, on each side: those of a server that changes them all are the same story.
constexpr std::size_t kMostLookedAt = 128;

using Key = std::pair<HeaderDigest, std::int64_t>;  // that by which a copy is adopted

}  // namespace

void Pass::checkCopies(Side target) {
  Side source = other(target);
  Both<UidSet> uids;
  std::vector<store::Pair> pairs = store_.pairs(mailbox_.id, target, changes_[target]->doubtful);
  if (pairs.size() > kMostLookedAt) pairs.erase(pairs.begin() + kMostLookedAt, pairs.end());
  for (const store::Pair& pair : pairs) {
    uids.local.add(pair.local);
    uids.remote.add(pair.remote);
  }
  const std::vector<Fresh>& fresh = changes_[target]->fresh;
  for (std::size_t i = 0; i < std::min(fresh.size(), kMostLookedAt); ++i) uids[target].add(fresh[i].uid);

  Both<std::map<Uid, Key>> keys;
  Both<Reply<Nothing>> replies;
  for (Side side : kSides) {
    servers_[side]->ensureSelected(mailbox_.wire[side]);
    replies[side] = servers_[side]->fetch(
        uids[side], request::Fetch::Items::identity, [&keys, side](const answer::Message& message) {
          if (message.header && message.date)
            keys[side].insert_or_assign(message.uid, Key{*message.header, message.date->seconds()});
        });
  }
  for (Side side : kSides)  // both: what is still to come must find `keys` alive
    if (const answer::Done& done = replies[side].done(); !done.ok())
      fail(side, words(done), ExitStatus::tryAgain);
  if (failed_) return;

  std::map<Key, Uid> shown;  // what the target has, and where
  for (const auto& [uid, key] : keys[target]) shown.emplace(key, uid);
  UidSet wrong, taken;  // pairs by their local UID; copies of others
  for (const store::Pair& pair : pairs) {
    Uid from = source == Side::local ? pair.local : pair.remote,
        to = source == Side::local ? pair.remote : pair.local;
    auto sent = keys[source].find(from), copy = keys[target].find(to);
    if (sent == keys[source].end() || copy == keys[target].end() || sent->second == copy->second) continue;
    auto found = shown.find(sent->second);
    if (found == shown.end()) continue;
    wrong.add(pair.local);
    taken.add(found->second);
  }
  if (wrong.empty()) return;
  for (const store::Pair& pair : store_.pairs(mailbox_.id, target, taken)) wrong.add(pair.local);
  distrust(target, wrong);
}

void Pass::distrust(Side target, const UidSet& pairs) {
  Side source = other(target);
  UidSet sources, copies;
  store::Transaction transaction = store_.begin();
  for (const store::Pair& pair : store_.pairs(mailbox_.id, Side::local, pairs)) {
    sources.add(source == Side::local ? pair.local : pair.remote);
    copies.add(source == Side::local ? pair.remote : pair.local);
    store_.unmap(mailbox_.id, pair.local);
  }
  store_.intend(mailbox_.id, target, changes_[target]->knownNext(), sources);
  transaction.commit("distrust");
  log_.warning(at(target), "Server told wrong UIDs: " + copies.text() + " are not the copies of " +
                               servers_[source]->name() + " UID(s) " + sources.text() +
                               ". Looking for them.");
  failed_ = true;
  next_ = Due{.mailbox = &mailbox_, .again = true};
}

}  // namespace interimap
