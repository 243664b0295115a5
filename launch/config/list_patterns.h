// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The value of list-mailbox: patterns for the LIST command, between blanks.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace interimap {

// A pattern is a run of list-chars, or quoted: "…" of printable characters with the escapes
// \" \\ \0 \a \b \t \n \f \r \v \xHH. A NUL in a pattern stands for the hierarchy delimiter. Nothing if the
// value is anything else. Octets above 0x7f are taken as they are: whether they may be there is the key's to
// say.
std::optional<std::vector<std::string>> parsePatterns(std::string_view value);

}  // namespace interimap
