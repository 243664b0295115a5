// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pass/marks.h"

#include <ctime>

namespace interimap {

namespace {

// Searches, each after the marks that the one before has found were taken off. Somebody who is marking
// messages all the time has them for longer than that.
constexpr int kMostSearches = 4;

// No other set is safe with each server (Questions::whetherGone).
UidSet all() { return UidSet::from(UidNext{1}); }

const Flags& deleted() {
  static const Flags kDeleted = *Flags::parse("\\Deleted");
  return kDeleted;
}

void remember(Work& work, Side side, const std::optional<store::Marked>& marked) {
  store::Transaction transaction = work.store.begin(store::Lasting::throughPowerLoss);
  work.store.setMarked(work.mailbox.id, side, marked);
  transaction.commit("marks");
}

// Those that are there, and are not marked: no server says so with OK to STORE alone.
UidSet unmarked(Work& work, Side side, const UidSet& uids) {
  auto there = work.at(side).search(all());
  auto marked = work.at(side).search(all(), deleted());
  if (!there.done().ok() || !marked.done().ok()) return uids;
  return uids.intersect(there.get()).minus(marked.get());
}

}  // namespace

std::optional<UidSet> setMarksAside(Work& work, Side side, const UidSet& ours) {
  UidSet known = work.store.mapped(work.mailbox.id, side), others;
  known.add(ours);
  store::Marked aside{work.validity(side), std::time(nullptr), {}};
  remember(work, side, aside);
  for (int searches = 0; searches < kMostSearches; ++searches) {
    std::optional<Reply<Nothing>> taken;
    if (!others.empty()) {
      aside.uids.add(others);
      remember(work, side, aside);
      taken = work.at(side).store(others, request::Store::Change::remove, deleted(), {});
    }
    auto there = work.at(side).search(all());
    auto marked = work.at(side).search(all(), deleted());
    others = marked.get().minus(ours);
    if (!there.done().ok() || !marked.done().ok() || (taken && !taken->done().ok())) break;
    if (others.empty()) return there.get().intersect(known);
  }
  if (!restoreMarks(work, side)) work.log.worsen(ExitStatus::tryAgain);
  return std::nullopt;
}

bool restoreMarks(Work& work, Side side) {
  auto marked = work.store.marked(work.mailbox.id, side);
  if (!marked) return true;
  if (!marked->uids.empty()) {
    auto selected = work.servers[side]->ensureSelected(work.mailbox.wire[side]);
    if (!selected.done().ok()) return false;
    const answer::Selected& mailbox = selected.get();
    // Where nothing can be marked any more nothing is owed.
    bool can = !mailbox.readOnly && mailbox.storable.allows("\\Deleted");
    if (can && mailbox.uidValidity == marked->uidValidity) {
      auto there = work.at(side).search(all());
      if (!there.done().ok()) return false;
      const UidSet uids = marked->uids.intersect(there.get());
      if (!uids.empty() && !work.at(side).store(uids, request::Store::Change::add, deleted(), {}).done().ok())
        return false;
      if (!unmarked(work, side, uids).empty()) return false;
    }
  }
  remember(work, side, std::nullopt);
  return true;
}

UidSet takenAlong(Work& work, Side side, const UidSet& before) {
  UidSet missing = before;
  for (int searches = 0; searches < 2 && !missing.empty(); ++searches) {  // an index may lag behind
    auto there = work.at(side).search(all());
    if (!there.done().ok()) return {};
    missing = missing.minus(there.get());
  }
  return missing;
}

}  // namespace interimap
