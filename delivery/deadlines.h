// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// How long delivery waits for a server: RFC 5321 section 4.5.3.2. A deadline means lack of progress: no octet
// written, no line of a reply completed.
#pragma once

#include <chrono>

namespace interimap::deadlines {

using namespace std::chrono_literals;

inline constexpr std::chrono::milliseconds kGreeting = 5min;  // 4.5.3.2.1
inline constexpr std::chrono::milliseconds kCommand = 5min;   // 4.5.3.2.2, 4.5.3.2.3; and all other commands
inline constexpr std::chrono::milliseconds kDataInitiation = 2min;    // 4.5.3.2.4
inline constexpr std::chrono::milliseconds kDataBlock = 3min;         // 4.5.3.2.5
inline constexpr std::chrono::milliseconds kDataTermination = 10min;  // 4.5.3.2.6
inline constexpr std::chrono::milliseconds kQuit = 5s;                // nothing is lost when its reply is
inline constexpr std::chrono::milliseconds kStop = 10s;  // after SIGTERM, for what is under way, in all

}  // namespace interimap::deadlines
