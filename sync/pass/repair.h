// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What does not fit with what is known, and that nobody reported: found when every message is compared.
#pragma once

#include "sync/pass/changes.h"
#include "sync/pass/reconcile.h"
#include "sync/pass/work.h"

namespace interimap {

// A message that one side lost without a word is to be copied again from the other: those, by the side that
// still has them. If both lost it, or one did after the other's was expunged, it is gone.
Both<UidSet> findLost(const Work& work, BothChanges& changes);
// A pair that differed though neither side reported a change since last time, and that the plan makes equal.
void reportUnreported(const Work& work, const BothChanges& changes, const Plan& plan);
// Neither new nor known, nor among `redo`.
void reportUnmatched(const Work& work, const BothChanges& changes, const Both<UidSet>& redo);
// They are to be copied, whatever becomes of this run: no listing of what is new shows them again.
void rememberUnmatched(Work& work, const BothChanges& changes);
// VANISHED or changed on this side, and nothing to do with what is on the other.
void reportStrangers(const Work& work, const BothChanges& changes, Side side);

}  // namespace interimap
