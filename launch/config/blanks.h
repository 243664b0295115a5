// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What stands between words of a configuration file.
#pragma once

#include <string_view>

namespace interimap {

inline constexpr std::string_view kBlanks = " \t\n\v\f\r";

constexpr bool isBlank(char c) { return kBlanks.find(c) != kBlanks.npos; }

constexpr std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(kBlanks);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

}  // namespace interimap
