// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// New messages that are the partner which a message on the other side has not, or has lost.
//
// A user takes a message away and puts it there again; or another installation, which has not known the pair,
// copies once more what a user had deleted from one side. To expunge the partner and to copy the new one
// would end in the same two messages, but with two installations each would undo what the other has done, for
// ever. Likewise what could not be copied, or was to stay on one side alone, and is copied by another
// installation. So the two are a pair from now on.
#pragma once

#include <vector>

#include "sync/pass/changes.h"
#include "sync/pass/reconcile.h"
#include "sync/pass/work.h"

namespace interimap {

// What is new on `side`, held against what is alone on the other one. Asks and waits, hardly ever: only where
// sizes coincide. What is joined is neither gone nor fresh any more. Returns pairs whose flags may differ.
// What cannot be compared is left for the next pass: then this one is over.
std::vector<Touched> rejoin(Work& work, BothChanges& changes, Side side);

}  // namespace interimap
