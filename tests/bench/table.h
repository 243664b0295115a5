// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Results in columns, for people.
#pragma once

#include <string>
#include <vector>

#include "tests/bench/result.h"

namespace interimap::bench {

// `ours` and `floor` are titles of results; a ratio to one that is not there is left out.
std::string table(const std::vector<Result>& results, const std::string& floor, const std::string& ours);

// Messages per second instead of traffic; `floor` and `ours` as above, but per message.
std::string pullTable(const std::vector<Result>& results, const std::string& floor, const std::string& ours);

}  // namespace interimap::bench
