// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/config/modified_utf7.h"

#include <algorithm>
#include <cstdint>

#include "launch/show/utf8.h"

namespace interimap {

namespace {

// A run of characters outside printable US-ASCII: "&", their UTF-16 in big-endian BASE64 with "," for "/" and
// without padding, "-".
class Shifted {
 public:
  explicit Shifted(std::string& out) : out_(out) { out_ += '&'; }
  void add(char32_t code) {
    if (code < 0x10000) return unit(static_cast<std::uint16_t>(code));
    unit(static_cast<std::uint16_t>(0xD800 + ((code - 0x10000) >> 10)));
    unit(static_cast<std::uint16_t>(0xDC00 + ((code - 0x10000) & 0x3FF)));
  }
  void end() {
    if (bits_ > 0) digit(held_ << (6 - bits_));
    out_ += '-';
  }

 private:
  void unit(std::uint16_t value) {
    held_ = held_ << 16 | value;
    for (bits_ += 16; bits_ >= 6; bits_ -= 6) digit(held_ >> (bits_ - 6));
    held_ &= 0x3F;  // fewer than six bits are left
  }
  void digit(std::uint32_t value) {
    out_ += "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,"[value & 0x3F];
  }

  std::string& out_;
  std::uint32_t held_ = 0;
  int bits_ = 0;
};

}  // namespace

std::optional<std::string> toModifiedUtf7(std::string_view utf8) {
  std::string out;
  std::optional<Shifted> shifted;
  auto unshift = [&] {
    if (shifted) shifted->end();
    shifted.reset();
  };
  for (std::size_t at = 0; at < utf8.size();) {
    auto character = utf8At(utf8, at);
    if (!character) return std::nullopt;
    at += character->octets;
    if (character->code < 0x20 || character->code > 0x7E) {
      if (!shifted) shifted.emplace(out);
      shifted->add(character->code);
      continue;
    }
    unshift();
    out += static_cast<char>(character->code);
    if (character->code == '&') out += '-';
  }
  unshift();
  return out;
}

std::optional<std::string> wireSpelling(std::string_view name) {
  const bool ascii = std::ranges::all_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  return ascii ? std::string(name) : toModifiedUtf7(name);
}

}  // namespace interimap
