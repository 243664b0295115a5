// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pass/repair.h"

namespace interimap {

namespace {

std::string number(std::uint64_t n) { return std::to_string(n); }

std::string both(const store::Pair& pair) {
  return "(lUID,rUID) = (" + number(pair.local.value()) + "," + number(pair.remote.value()) + ")";
}

}  // namespace

Both<UidSet> findLost(const Work& work, BothChanges& changes) {
  Both<UidSet> redo;
  for (Side side : kSides) {
    Changes &ours = *changes[side], &others = *changes[other(side)];
    UidSet gone;
    for (const store::Pair& pair : work.store.pairs(work.mailbox.id, side, ours.lost)) {
      bool local = side == Side::local;
      Uid here = local ? pair.local : pair.remote, there = local ? pair.remote : pair.local;
      if (others.lost.contains(there) || others.gone.contains(there)) {
        gone.add(here);
        if (local || others.gone.contains(there))
          work.log.warning(work.about(side),
                           "Pair " + both(pair) + " vanished from " + work.mailbox.shown() + ". Repairing.");
      } else {
        redo[other(side)].add(there);
        work.log.warning(work.about(side), "UID " + number(here.value()) + " disappeared. Redownloading " +
                                               work.servers[other(side)]->name() + " UID " +
                                               number(there.value()) + ".");
      }
    }
    ours.gone.add(gone);
  }
  return redo;
}

// Where it is not known what both last had in common, as after the Perl program, every message is among them:
// then something was missed only if the two differ. Once for each pair.
void reportUnreported(const Work& work, const BothChanges& changes) {
  auto flagsOn = [&](Side side, const store::Pair& pair) -> const Flags* {
    auto it = changes[side]->flags.find(side == Side::local ? pair.local : pair.remote);
    return it == changes[side]->flags.end() ? nullptr : &it->second;
  };
  UidSet said;  // local UIDs
  for (Side side : kSides) {
    UidSet uids;
    for (const auto& [uid, _] : changes[side]->flags)
      if (changes[side]->unreported.contains(uid)) uids.add(uid);
    for (const store::Pair& pair : work.store.pairs(work.mailbox.id, side, uids)) {
      const Flags *here = flagsOn(Side::local, pair), *there = flagsOn(Side::remote, pair);
      bool agree = !pair.base && here != nullptr && there != nullptr && *here == *there;
      if (agree || said.contains(pair.local)) continue;
      said.add(pair.local);
      work.log.warning(work.about(side), "Missed flag update in " + work.mailbox.shown() + " for " +
                                             both(pair) + ". Repairing.");
    }
  }
}

void reportUnmatched(const Work& work, const BothChanges& changes, const Both<UidSet>& redo) {
  for (Side side : kSides)
    for (const Fresh& fresh : changes[side]->fresh)
      if (fresh.uid.value() < changes[side]->knownNext.value && !work.refused[side].contains(fresh.uid) &&
          !redo[side].contains(fresh.uid))
        work.log.warning(work.about(other(side)), std::string("No match for modified ") +
                                                      work.servers[side]->name() + " UID " +
                                                      number(fresh.uid.value()) + ". Redownloading.");
}

void reportStrangers(const Work& work, const BothChanges& changes, Side side) {
  About about = work.about(other(side));
  if (!work.store.journal(work.mailbox.id, side).intents.empty()) return;
  if (UidSet gone = changes[side]->strangersGone.minus(work.refused[side]); !gone.empty())
    work.log.warning(about, "No match for " + number(gone.size()) + " vanished " +
                                work.servers[side]->name() + " UID(s) " + gone.text() + ". Ignoring.");
  if (UidSet changed = changes[side]->strangersChanged.minus(work.refused[side]); !changed.empty())
    work.log.warning(about, std::string("No match for modified ") + work.servers[side]->name() + " UID " +
                                changed.text() + ". Try '--repair'.");
}

}  // namespace interimap
