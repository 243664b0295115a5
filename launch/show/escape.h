// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Text from anywhere, made safe to show on a terminal and to keep in a file of one message a line.
#pragma once

#include <string>
#include <string_view>

namespace interimap {

// Control characters (C0, DEL, C1), line and paragraph separators, characters that turn the direction of
// writing, and octets that are no UTF-8 become "\xHH" for each octet. All else stays as it is; so does a
// backslash, since this is for reading, not for parsing.
std::string escape(std::string_view text);

}  // namespace interimap
