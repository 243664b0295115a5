// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// How net takes its leave of sync when its server is gone.
#pragma once

namespace interimap::answer {

// The response code of a NO that net gave itself, with why, to the oldest request there is: the server hung
// up while that was to be answered. Nothing follows. No server's code has a blank.
inline constexpr const char* kHungUp = "HUNG UP";
// The same, to Enable: the login went ahead of the greeting, and it was for that that it came to nothing.
inline constexpr const char* kAhead = "WENT AHEAD";

}  // namespace interimap::answer
