// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// UTF-8 (RFC 3629), one character at a time.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace interimap {

struct Character {
  char32_t code;
  std::size_t octets;  // 1 … 4
};

// The character that starts at text[at]; nothing if there is none, or none that RFC 3629 allows there
// (overlong, a surrogate, above U+10FFFF, cut off).
std::optional<Character> utf8At(std::string_view text, std::size_t at);

bool isUtf8(std::string_view text);

}  // namespace interimap
