// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Expunging exactly some messages on a server without UID EXPUNGE (RFC 4549 section 4.2.4). EXPUNGE removes
// whatever is \Deleted, so what others have marked loses the mark for a moment. Which those are is written
// down first: after a kill the next run gives it back.
//
// EXPUNGE follows a search that has found nothing else marked. No command of such a server prevents that
// somebody marks a message between the two, which then goes, too: it is noticed, and copied back.
#pragma once

#include <optional>

#include "sync/pass/work.h"

namespace interimap {

// Takes \Deleted off whatever has it but `ours`, and writes down that EXPUNGE may follow. Waits. Which of
// the messages that both sides have are there just before; nothing: that did not work, nothing may be
// expunged.
[[nodiscard]] std::optional<UidSet> setMarksAside(Work& work, Side side, const UidSet& ours);
// Gives the marks back, also those that a killed run took off. Waits. False: they are still owed.
[[nodiscard]] bool restoreMarks(Work& work, Side side);
// Of messages that were there just before EXPUNGE and are not ours, those that are not there any more. Waits.
UidSet takenAlong(Work& work, Side side, const UidSet& before);

}  // namespace interimap
