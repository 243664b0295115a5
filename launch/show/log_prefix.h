// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The log-prefix setting: what stands before a log line.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace interimap {

inline constexpr std::size_t kLongestLogPrefix = 1024;  // octets; conditions nest as deep as there is room

// Expands
//   %n %m            component and mailbox, nothing if there is none
//   %?X?then?        `then` if %X is something
//   %?X?then&else?   `else` if not; both may hold conditions of their own
//   %%               a percent sign
//   \& \? \\         these characters themselves
// Whatever else there is stays as it is.
std::string logPrefix(std::string_view format, std::string_view component, std::string_view mailbox);

}  // namespace interimap
