// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// How like two accounts are after a contender has been at them.
#pragma once

#include <string>

#include "tests/e2e/snapshot.h"

namespace interimap::bench {

// A few words; "all equal" if nothing differs, else the least that does.
std::string likeness(const bed::Snapshot& here, const bed::Snapshot& there);

}  // namespace interimap::bench
