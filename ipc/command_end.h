// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// How net begins to tell, at the end of an error, how the command behind a tunnel has ended. What the command
// said last, on standard error, is launch's to add: it reads that.
#pragma once

#include <string_view>

namespace interimap {

inline constexpr std::string_view kItsCommand = "; the command `";

}  // namespace interimap
