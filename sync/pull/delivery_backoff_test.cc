// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pull/delivery_backoff.h"

#include <doctest/doctest.h>

#include "sync/pull/pull_lane.h"

using namespace interimap;

TEST_CASE("a sink that is down is left alone for a while, and no longer because the clock is set back") {
  constexpr std::int64_t kNow = 1'700'000'000, kYear = 365 * 86400;
  for (int failures : {1, 2, 20}) {
    DeliveryBackoff sink(true);
    for (int i = 0; i < failures; ++i) sink.failed({"connection refused", ExitStatus::unavailable}, kNow);
    CHECK(sink.down(kNow));
    CHECK_FALSE(sink.down(kNow + DeliveryBackoff::kLongestPause));
    CHECK_FALSE(sink.down(kNow + kYear));
    CHECK_FALSE(sink.down(kNow - kYear));
  }
}

TEST_CASE("a sink that refuses a token is asked with the next one at once; who refuses that, means it") {
  for (bool idling : {false, true}) {
    DeliveryBackoff sink(idling);
    for (int i = 0; i < 3; ++i) {
      sink.failed({"stale", kStale}, 1);
      CHECK_FALSE(sink.down(1));
      sink.progress();
    }
    sink.failed({"stale", kStale}, 1);
    sink.failed({"stale", kStale}, 1);
    CHECK(sink.lasting() == ExitStatus::noPermission);
  }
}

TEST_CASE("a message that was put off is due in an hour at the latest, whatever the clock said then") {
  constexpr std::int64_t kNow = 1'700'000'000, kYear = 365 * 86400;
  struct {
    std::int64_t next;
    bool due;
  } table[] = {{0, true},
               {kNow, true},
               {kNow + 60, false},
               {kNow + kLongestBackoff, false},
               {kNow + 2 * kLongestBackoff, true},
               {kNow + kYear, true},
               {kNow - kYear, true}};
  for (const auto& row : table) {
    CAPTURE(row.next);
    CHECK(isDue(row.next, kNow) == row.due);
  }
  for (std::uint32_t attempts = 0; attempts < 100; ++attempts) CHECK(backoff(attempts) <= kLongestBackoff);
}
