// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The pairs that at least one side spoke of, from what both said.
#pragma once

#include <vector>

#include "sync/pass/changes.h"
#include "sync/pass/questions.h"
#include "sync/pass/reconcile.h"
#include "sync/pass/work.h"

namespace interimap {

std::vector<Touched> touchedPairs(const Work& work, const BothChanges& changes, const Answers& answers);

}  // namespace interimap
