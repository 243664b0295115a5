// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/show/readable.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace interimap {

namespace {

constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

// UTF-16 in base64, without padding: nothing if it is cut off, or says what need not be said so.
std::optional<std::vector<std::uint16_t>> units(std::string_view base64) {
  std::vector<std::uint16_t> units;
  std::uint32_t held = 0;
  int bits = 0;
  for (char c : base64) {
    held = held << 6 | static_cast<std::uint32_t>(kDigits.find(c));
    bits += 6;
    if (bits < 16) continue;
    bits -= 16;
    units.push_back(static_cast<std::uint16_t>(held >> bits));
    held &= (1U << bits) - 1;
  }
  if (units.empty() || bits >= 6 || held != 0) return std::nullopt;
  return units;
}

bool isHigh(std::uint32_t unit) { return unit >= 0xD800 && unit < 0xDC00; }
bool isLow(std::uint32_t unit) { return unit >= 0xDC00 && unit < 0xE000; }

std::string utf8(char32_t code) {
  auto tail = [&](unsigned shift) { return static_cast<char>(0x80 | (code >> shift & 0x3F)); };
  if (code < 0x800) return {static_cast<char>(0xC0 | code >> 6), tail(0)};
  if (code < 0x10000) return {static_cast<char>(0xE0 | code >> 12), tail(6), tail(0)};
  return {static_cast<char>(0xF0 | code >> 18), tail(12), tail(6), tail(0)};
}

std::optional<std::string> decoded(std::string_view base64) {
  auto all = units(base64);
  if (!all) return std::nullopt;
  std::string out;
  for (std::size_t at = 0; at < all->size(); ++at) {
    char32_t code = (*all)[at];
    if (isHigh(code) && at + 1 < all->size() && isLow((*all)[at + 1])) {
      code = 0x10000 + ((code - 0xD800) << 10) + ((*all)[++at] - 0xDC00U);
    } else if (code < 0xA0 || isHigh(code) || isLow(code)) {
      return std::nullopt;
    }
    out += utf8(code);
  }
  return out;
}

}  // namespace

std::string readable(std::string_view text) {
  std::string out;
  while (true) {
    const auto begin = text.find('&');
    out += text.substr(0, begin);
    if (begin == text.npos) return out;
    text.remove_prefix(begin);
    const auto end = text.find_first_not_of(kDigits, 1);
    auto piece = end != text.npos && text[end] == '-' ? decoded(text.substr(1, end - 1)) : std::nullopt;
    const bool isAmpersand = text.starts_with("&-");
    out += piece ? *piece : "&";
    text.remove_prefix(piece ? end + 1 : isAmpersand ? 2 : 1);
  }
}

}  // namespace interimap
