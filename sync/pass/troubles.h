// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What is wrong with a mailbox once both sides have been listed, and what follows from it: the mailbox is
// taken once more in another way, or it is left alone and the user is told.
#pragma once

#include <optional>

#include "sync/pass/changes.h"
#include "sync/pass/work.h"

namespace interimap {

using Troubles = Both<std::optional<Trouble>>;

// Whether the pass can go on. If not it is over.
bool overcome(Work& work, const Troubles& troubles);
// Likewise, once what was unclear has been asked: of messages that are missing and may be there (Doubt).
bool weigh(Work& work, const BothChanges& changes);

}  // namespace interimap
