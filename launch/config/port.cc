// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/config/port.h"

#include <netdb.h>

#include <algorithm>
#include <charconv>
#include <string>

namespace interimap {

// Left to the resolver, 91549 would be 26013.
bool isPort(std::string_view text) {
  bool isNumber = std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  if (isNumber) {
    unsigned number = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && number > 0 && number < 65536;
  }
  // RFC 6335 section 5.1; some systems have names with a "_" or ".", too.
  auto isPart = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  };
  return std::ranges::all_of(text, isPart) && getservbyname(std::string(text).c_str(), "tcp") != nullptr;
}

}  // namespace interimap
