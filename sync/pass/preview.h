// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// --dry-run: what a run would do.
#pragma once

#include "sync/pass/changes.h"
#include "sync/pass/decision.h"
#include "sync/pass/work.h"

namespace interimap {

void preview(const Work& work, const BothChanges& changes, const Decision& decision);

}  // namespace interimap
