// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/run/backoff.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

using namespace interimap;
using namespace std::chrono_literals;

TEST_CASE("field 17: back-off doubles within its range, and starts again after a reset") {
  for (Backoff::Range range : {Backoff::kAway, Backoff::kBroken, Backoff::kRefused,
                               Backoff::kAway.notLongerThan(30s), Backoff::kBroken.notLongerThan(10min)})
    for (std::uint32_t seed : {0u, 1u, 4242u}) {
      CAPTURE(seed);
      Backoff backoff(seed, range);
      for (int round = 0; round < 2; ++round) {
        auto span = 2 * range.shortest;
        for (int failures = 0; failures < 30; ++failures, span = std::min(2 * span, range.longest)) {
          auto wait = backoff.next();
          CHECK(wait >= span / 2);
          CHECK(wait <= span);
          CHECK(wait >= range.shortest);
        }
        backoff.reset();
      }
    }
}

TEST_CASE("back-off: no pause is longer than the longest, be that as short as the shortest") {
  for (auto most : {1000ms, 1500ms, 2000ms, 5000ms})
    for (std::uint32_t seed : {0u, 1u, 4242u}) {
      Backoff backoff(seed, Backoff::kAway.notLongerThan(most));
      for (int failures = 0; failures < 30; ++failures) {
        auto wait = backoff.next();
        CHECK(wait >= 500ms);
        CHECK(wait <= most);
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
