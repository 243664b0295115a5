// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "ipc/internal_date.h"

#include <chrono>

namespace interimap {

namespace {

// Exactly `digits` decimal digits at `at`; -1 if there is anything else.
int number(std::string_view text, std::size_t at, std::size_t digits) {
  int n = 0;
  for (std::size_t i = at; i < at + digits; ++i) {
    const char c = text[i];
    if (c < '0' || c > '9') return -1;
    n = n * 10 + (c - '0');
  }
  return n;
}

}  // namespace

// date-time = DQUOTE date-day-fixed "-" date-month "-" date-year SP time SP zone DQUOTE   ; RFC 3501 section
// 9
std::optional<InternalDate> InternalDate::parse(std::string_view text) {
  constexpr std::string_view kShape = "dd-Mon-yyyy hh:mm:ss +zzzz",
                             kMonths = "janfebmaraprmayjunjulaugsepoctnovdec";
  static_assert(kShape.size() == kLength);
  if (text.size() != kLength) return std::nullopt;
  for (std::size_t i : {2U, 6U, 11U, 14U, 17U, 20U})
    if (text[i] != kShape[i]) return std::nullopt;
  std::array<char, 3> name;  // in any case, as all strings of the grammar
  std::ranges::transform(text.substr(3, 3), name.begin(), [](char c) { return static_cast<char>(c | 0x20); });
  std::size_t month = kMonths.find({name.data(), name.size()});
  int day = text[0] == ' ' ? number(text, 1, 1) : number(text, 0, 2);
  int year = number(text, 7, 4), hour = number(text, 12, 2), minute = number(text, 15, 2),
      second = number(text, 18, 2);
  int zoneHours = number(text, 22, 2), zoneMinutes = number(text, 24, 2);
  if (month == std::string_view::npos || month % 3 != 0 || year < 0 || hour < 0 || hour > 23 || minute < 0 ||
      minute > 59 || second < 0 || second > 60 || zoneHours < 0 || zoneMinutes < 0 ||
      (text[21] != '+' && text[21] != '-'))
    return std::nullopt;
  using namespace std::chrono;
  year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month / 3 + 1)},
                      std::chrono::day{static_cast<unsigned>(day < 0 ? 0 : day)}};
  if (!date.ok()) return std::nullopt;
  auto zone = hours{zoneHours} + minutes{zoneMinutes};
  auto instant =
      sys_days{date}.time_since_epoch() + hours{hour} + minutes{minute} + std::chrono::seconds{second};
  return InternalDate(
      text, duration_cast<std::chrono::seconds>(text[21] == '-' ? instant + zone : instant - zone).count());
}

}  // namespace interimap
