// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// INTERNALDATE: when a message arrived (RFC 3501 section 2.3.3), passed on verbatim.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace interimap {

class InternalDate {
 public:
  // date-time without its quotes: "17-Jul-1996 02:44:25 -0700", the day padded with a blank or a zero.
  static std::optional<InternalDate> parse(std::string_view text);

  std::string_view text() const { return {text_.data(), kLength}; }  // exactly as it came; a NUL follows
  // Seconds since 1970: servers turn the zone into their own, the instant stays.
  std::int64_t seconds() const { return seconds_; }
  bool operator==(const InternalDate& other) const { return seconds_ == other.seconds_; }

 private:
  static constexpr std::size_t kLength = 26;

  InternalDate(std::string_view text, std::int64_t seconds) : seconds_(seconds) {
    std::ranges::copy(text, text_.begin());
  }
  std::array<char, kLength + 1> text_{};  // there may be many: none is to cost an allocation
  std::int64_t seconds_;
};

}  // namespace interimap
