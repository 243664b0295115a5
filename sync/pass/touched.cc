// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pass/touched.h"

namespace interimap {

namespace {

UidSet uidsOf(const std::map<Uid, Flags>& flags) {
  UidSet uids;
  for (const auto& [uid, _] : flags) uids.add(uid);
  return uids;
}

// The base of a copy is what was sent. A flag that it lacks when it is seen for the first time was not kept
// by its server, which is not the same as removed: in the base it has no place, and the other side still has
// it. Later on nobody could tell.
void believeOnlyWhatIsSeen(const Both<UidSet>& notSeen, Touched& pair) {
  if (!pair.base) return;
  const Flags sent = *pair.base;
  for (Side side : kSides) {
    Uid uid = side == Side::local ? pair.local : pair.remote;
    if (!notSeen[side].contains(uid) || !pair.now[side] || (sent - *pair.now[side]).empty()) continue;
    pair.base = *pair.base & *pair.now[side];
    if (!pair.now[other(side)]) pair.now[other(side)] = sent;
  }
}

}  // namespace

UidSet copiesNotSeen(const Work& work, Side side) {
  const auto& known = work.known[side];
  return work.store.copied(work.mailbox.id, side)
      .intersect(UidSet::from(known && known->uidNext.value > 0 ? known->uidNext : UidNext{1}));
}

std::vector<Touched> touchedPairs(const Work& work, const BothChanges& changes, const Answers& answers) {
  std::map<Uid, Touched> byLocal;
  for (Side side : kSides) {
    const std::map<Uid, Flags>& told = answers.told[side];
    UidSet uids = uidsOf(told);
    if (changes[side]) {
      uids.add(changes[side]->gone);
      uids.add(uidsOf(changes[side]->flags));
    }
    for (const store::Pair& pair : work.store.pairs(work.mailbox.id, side, uids)) {
      Touched& touched =
          byLocal.try_emplace(pair.local, Touched{pair.local, pair.remote, pair.base, {}, {}}).first->second;
      Uid uid = side == Side::local ? pair.local : pair.remote;
      if (auto it = told.find(uid); it != told.end()) {
        touched.now[side] = it->second;
        // But for a side that cannot store everything: what it lacks, it may never have had.
        if (!touched.base && !work.access(other(side)).readOnly) touched.base = it->second;
      }
      if (!changes[side]) continue;
      if (auto it = changes[side]->flags.find(uid); it != changes[side]->flags.end())
        touched.now[side] = it->second;
      touched.gone[side] = changes[side]->gone.contains(uid);
    }
  }
  std::vector<Touched> out;
  if (byLocal.empty()) return out;
  Both<UidSet> notSeen;
  for (Side side : kSides)
    if (changes[side]) notSeen[side] = copiesNotSeen(work, side);
  for (auto& [_, touched] : byLocal) {
    believeOnlyWhatIsSeen(notSeen, touched);
    out.push_back(std::move(touched));
  }
  return out;
}

}  // namespace interimap
