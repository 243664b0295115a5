// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// When something is to happen, for people.
#pragma once

#include <chrono>
#include <ctime>
#include <string>

namespace interimap {

// So long from now, rounded up to a second: "2026-11-30 04:05:06 UTC".
inline std::string atTime(std::chrono::milliseconds from) {
  std::time_t at = std::time(nullptr) + std::chrono::ceil<std::chrono::seconds>(from).count();
  std::tm utc{};
  gmtime_r(&at, &utc);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &utc)};
}

}  // namespace interimap
