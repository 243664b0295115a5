// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/show/amounts.h"

#include <doctest/doctest.h>

#include <limits>

using namespace interimap;

TEST_CASE("numbers for people") {
  const std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  struct {
    std::uint64_t number;
    const char *count, *size;
  } table[] = {
      {0, "0", "0 B"},
      {999, "999", "999 B"},
      {1000, "1,000", "1.0 kB"},
      {9949, "9,949", "9.9 kB"},
      {9950, "9,950", "10 kB"},
      {123456, "123,456", "123 kB"},
      {999499, "999,499", "999 kB"},
      {999500, "999,500", "1.0 MB"},
      {31'000'000, "31,000,000", "31 MB"},
      {most, "18,446,744,073,709,551,615", "18447 PB"},
  };
  for (const auto& row : table) {
    CHECK(countText(row.number) == row.count);
    CHECK(sizeText(row.number) == row.size);
  }
}

TEST_CASE("times for people") {
  struct {
    std::int64_t milliseconds;
    const char* text;
  } table[] = {
      {-5, "0.00 s"},
      {0, "0.00 s"},
      {160, "0.16 s"},
      {994, "0.99 s"},
      {995, "1.0 s"},
      {9949, "9.9 s"},
      {9950, "10 s"},
      {59'499, "59 s"},
      {59'500, "1 min"},
      {200'000, "3 min 20 s"},
      {3'599'499, "59 min 59 s"},
      {3'600'000, "1 h"},
      {7'500'000, "2 h 5 min"},
      {86'400'000, "1 d"},
      {273'600'000, "3 d 4 h"},
  };
  for (const auto& row : table) CHECK(timeText(std::chrono::milliseconds(row.milliseconds)) == row.text);
}
