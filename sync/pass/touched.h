// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The pairs that at least one side spoke of, from what both said.
#pragma once

#include <vector>

#include "sync/pass/changes.h"
#include "sync/pass/questions.h"
#include "sync/pass/reconcile.h"
#include "sync/pass/work.h"

namespace interimap {

// Copies on `side` that no pass has looked at which ended well: what they lack of the flags they were sent
// with, their server may not have kept.
UidSet copiesNotSeen(const Work& work, Side side);

std::vector<Touched> touchedPairs(const Work& work, const BothChanges& changes, const Answers& answers);

}  // namespace interimap
