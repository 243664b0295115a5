// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A worker may open whatever is in the directory of its database. Where there is more than that database, it
// gets a directory of its own, "NAME.d", and a symbolic link stays at the place where the Perl program, and
// whoever else knows it, looks for it.
#pragma once

#include "launch/config/paths.h"

namespace interimap {

// Where the database is to be opened. `mayArrange`: what is there may be moved, and what is not may be made;
// it is moved only while nobody has it open or locked, and not if a run that was killed has left something
// beside it: then it stays where it is this time, as it does if anything else is in the way. One that is
// alone in its directory stays, and so does one that is a symbolic link of somebody else's making.
SplitPath ownDirectory(const SplitPath& database, bool mayArrange);

}  // namespace interimap
