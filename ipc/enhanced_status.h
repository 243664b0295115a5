// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Enhanced status code: class.subject.detail, what a mail server means beyond its reply code. RFC 3463.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace interimap {

struct EnhancedStatus {
  std::uint8_t kind = 2;      // its "class": 2 success, 4 transient failure, 5 permanent failure
  std::uint16_t subject = 0;  // 0 ... 999
  std::uint16_t detail = 0;   // 0 ... 999
  auto operator<=>(const EnhancedStatus&) const = default;

  // status-code = class "." subject "." detail                       ; RFC 3463 section 2
  // Takes it off the front of `in`; nothing if none stands there, or if more than a blank would follow it.
  static std::optional<EnhancedStatus> parse(std::string_view& in) {
    if (in.size() < 5 || (in[0] != '2' && in[0] != '4' && in[0] != '5') || in[1] != '.') return std::nullopt;
    EnhancedStatus status{static_cast<std::uint8_t>(in[0] - '0'), 0, 0};
    std::string_view rest = in.substr(2);
    if (!number(rest, status.subject) || rest.empty() || rest[0] != '.') return std::nullopt;
    rest.remove_prefix(1);
    if (!number(rest, status.detail) || (!rest.empty() && rest[0] != ' ')) return std::nullopt;
    in = rest;
    return status;
  }
  bool valid() const { return (kind == 2 || kind == 4 || kind == 5) && subject <= 999 && detail <= 999; }
  std::string text() const {
    return std::to_string(kind) + "." + std::to_string(subject) + "." + std::to_string(detail);
  }

 private:
  // subject = detail = 1*3DIGIT
  static bool number(std::string_view& in, std::uint16_t& value) {
    std::size_t digits = 0;
    while (digits < in.size() && in[digits] >= '0' && in[digits] <= '9') {
      if (digits == 3) return false;
      value = static_cast<std::uint16_t>(value * 10 + (in[digits++] - '0'));
    }
    in.remove_prefix(digits);
    return digits != 0;
  }
};

}  // namespace interimap
