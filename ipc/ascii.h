// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// ASCII case: IMAP's keywords, capabilities and flags ignore it, locales do not come into it.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace interimap {

constexpr char asciiUpper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

constexpr bool equalIgnoringCase(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return asciiUpper(x) == asciiUpper(y); });
}

inline std::string asciiUpper(std::string_view text) {
  std::string upper(text);
  std::transform(upper.begin(), upper.end(), upper.begin(), [](char c) { return asciiUpper(c); });
  return upper;
}

}  // namespace interimap
