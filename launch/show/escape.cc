// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/show/escape.h"

#include "launch/show/utf8.h"

namespace interimap {

namespace {

bool isHarmless(char32_t code) {
  if (code < 0x20 || (code >= 0x7F && code < 0xA0)) return false;
  if (code == 0x2028 || code == 0x2029) return false;  // line and paragraph separator
  if (code == 0x200E || code == 0x200F) return false;  // left-to-right and right-to-left mark
  if (code >= 0x202A && code <= 0x202E) return false;  // bidirectional embeddings and overrides
  return code < 0x2066 || code > 0x2069;               // bidirectional isolates
}

}  // namespace

std::string escape(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string shown;
  shown.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    auto character = utf8At(text, at);
    std::size_t octets = character ? character->octets : 1;
    for (std::size_t end = at + octets; at < end; ++at) {
      if (character && isHarmless(character->code)) {
        shown += text[at];
      } else {
        auto octet = static_cast<unsigned char>(text[at]);
        shown += {'\\', 'x', kHex[octet >> 4], kHex[octet & 15]};
      }
    }
  }
  return shown;
}

}  // namespace interimap
