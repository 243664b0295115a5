// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/show/utf8.h"

namespace interimap {

std::optional<Character> utf8At(std::string_view text, std::size_t at) {
  if (at >= text.size()) return std::nullopt;
  auto octet = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  unsigned char first = octet(0);
  if (first < 0x80) return Character{first, 1};
  std::size_t octets = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() - at < octets) return std::nullopt;
  char32_t code = first & (0x7FU >> octets);
  for (std::size_t i = 1; i < octets; ++i) {
    if ((octet(i) & 0xC0) != 0x80) return std::nullopt;
    code = code << 6 | (octet(i) & 0x3F);
  }
  bool overlong = (octets == 3 && code < 0x800) || (octets == 4 && code < 0x10000);
  bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  if (overlong || surrogate || code > 0x10FFFF) return std::nullopt;
  return Character{code, octets};
}

bool isUtf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    auto character = utf8At(text, at);
    if (!character) return false;
    at += character->octets;
  }
  return true;
}

}  // namespace interimap
