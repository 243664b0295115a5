// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pass/repair.h"

namespace interimap {

namespace {

std::string number(std::uint64_t n) { return std::to_string(n); }

std::string both(Uid local, Uid remote) {
  return "(lUID,rUID) = (" + number(local.value()) + "," + number(remote.value()) + ")";
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
          work.log.warning(work.about(side), "Pair " + both(pair.local, pair.remote) + " vanished from " +
                                                 work.mailbox.shown() + ". Repairing.");
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

// Once for each pair, and only where something was missed: not where both have the same, though it is not
// known what they last had in common, as after the Perl program; nor where the difference has to stay.
void reportUnreported(const Work& work, const BothChanges& changes, const Plan& plan) {
  auto unreported = [&](Side side, Uid uid) {
    return changes[side]->flags.contains(uid) && changes[side]->unreported.contains(uid);
  };
  for (const Plan::Agreed& pair : plan.agreed) {
    bool isRepaired = false;
    for (Side side : kSides) isRepaired = isRepaired || !pair.add[side].empty() || !pair.remove[side].empty();
    if (!isRepaired) continue;
    for (Side side : kSides) {
      if (!unreported(side, side == Side::local ? pair.local : pair.remote)) continue;
      work.log.warning(work.about(side), "Missed flag update in " + work.mailbox.shown() + " for " +
                                             both(pair.local, pair.remote) + ". Repairing.");
      break;
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

void rememberUnmatched(Work& work, const BothChanges& changes) {
  store::Transaction transaction = work.store.begin();
  for (Side side : kSides)
    for (const Fresh& fresh : changes[side]->fresh)
      if (fresh.uid.value() < changes[side]->knownNext.value && !work.refused[side].contains(fresh.uid))
        work.store.refuse(work.mailbox.id, side, fresh.uid, store::Refusal::unsent, "");
  transaction.commit("unmatched");
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
