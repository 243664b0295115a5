// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/poll_interval.h"

#include <doctest/doctest.h>

using namespace interimap;
using namespace std::chrono_literals;

TEST_CASE("the interval of looks grows while nothing happens") {
  PollInterval interval;
  CHECK(interval.after(true, 10ms) == 15s);
  for (auto next : {30s, 60s, 120s, 240s, 240s}) CHECK(interval.after(false, 10ms) == next);
  CHECK(interval.after(true, 10ms) == 15s);
  CHECK(interval.after(false, 10ms) == 30s);
}

TEST_CASE("a look that takes long is not taken all the time") {
  PollInterval interval;
  CHECK(interval.after(true, 5s) == 50s);
  CHECK(interval.after(false, 1s) == 30s);
  CHECK(interval.after(false, 10min) == 240s);
}
