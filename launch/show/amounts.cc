// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/show/amounts.h"

#include <cstdio>

namespace interimap {

namespace {

std::string decimals(double number, int places, const char* unit) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f %s", places, number, unit);
  return text;
}

std::string two(std::int64_t most, const char* unit, std::int64_t rest, const char* smaller) {
  std::string text = std::to_string(most) + " " + unit;
  return rest > 0 ? text + " " + std::to_string(rest) + " " + smaller : text;
}

}  // namespace

std::string countText(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

std::string sizeText(std::uint64_t octets) {
  if (octets < 1000) return std::to_string(octets) + " B";
  auto number = static_cast<double>(octets);
  const char* unit = "";
  for (const char* each : {"kB", "MB", "GB", "TB", "PB"}) {
    number /= 1000;
    unit = each;
    if (number < 999.5) break;
  }
  return decimals(number, number < 9.95 ? 1 : 0, unit);
}

std::string timeText(std::chrono::milliseconds time) {
  const auto milliseconds = time.count() > 0 ? time.count() : 0;
  if (milliseconds < 995) return decimals(static_cast<double>(milliseconds) / 1000, 2, "s");
  if (milliseconds < 9950) return decimals(static_cast<double>(milliseconds) / 1000, 1, "s");
  const auto seconds = (milliseconds + 500) / 1000;
  if (seconds < 60) return std::to_string(seconds) + " s";
  if (seconds < 3600) return two(seconds / 60, "min", seconds % 60, "s");
  if (seconds < 86400) return two(seconds / 3600, "h", seconds % 3600 / 60, "min");
  return two(seconds / 86400, "d", seconds % 86400 / 3600, "h");
}

}  // namespace interimap
