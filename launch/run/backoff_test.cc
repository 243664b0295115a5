// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/run/backoff.h"

#include <doctest/doctest.h>

#include <set>

using namespace interimap;
using namespace std::chrono_literals;

TEST_CASE("back-off: doubles from a second to ten minutes, and starts again after a reset") {
  for (std::uint32_t seed : {0u, 1u, 4242u}) {
    CAPTURE(seed);
    Backoff backoff(seed);
    for (int round = 0; round < 2; ++round) {
      auto span = 2000ms;
      for (int failures = 0; failures < 30; ++failures, span = std::min(2 * span, Backoff::kLongest)) {
        auto wait = backoff.next();
        CHECK(wait >= span / 2);
        CHECK(wait <= span);
      }
      backoff.reset();
    }
  }
}

TEST_CASE("back-off: two that fail together do not come back together") {
  std::set<std::chrono::milliseconds> waits;
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    Backoff backoff(seed * 7919);
    for (int failures = 0; failures < 9; ++failures) backoff.next();
    waits.insert(backoff.next());
  }
  CHECK(waits.size() > 15);
}
