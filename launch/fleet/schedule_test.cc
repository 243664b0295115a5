// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/fleet/schedule.h"

#include <doctest/doctest.h>

using namespace interimap;
using namespace std::chrono_literals;

namespace {

constexpr Schedule::Time kBegin{};

// All that may be started now: "a b".
std::string started(Schedule& schedule, Schedule::Time now) {
  std::string all;
  while (auto name = schedule.next(now)) all += (all.empty() ? "" : " ") + *name;
  return all;
}

void addAll(Schedule& schedule, const char* names) {
  for (; *names; ++names) schedule.add(std::string(1, *names));
}

}  // namespace

TEST_CASE("schedule: so many at a time, in their order") {
  Schedule schedule(2, false, 1);
  CHECK(schedule.over());
  addAll(schedule, "abcd");
  CHECK_FALSE(schedule.over());
  CHECK(started(schedule, kBegin) == "a b");
  CHECK_FALSE(schedule.due());
  CHECK(schedule.ended("b", 0, kBegin));
  CHECK(started(schedule, kBegin) == "c");
  CHECK(schedule.ended("a", 77, kBegin));
  CHECK(schedule.ended("c", 0, kBegin));
  CHECK(started(schedule, kBegin) == "d");
  CHECK_FALSE(schedule.over());
  CHECK(schedule.begun() == false);
  CHECK(schedule.ended("d", 0, kBegin));
  CHECK(schedule.over());
}

TEST_CASE("schedule: what may pass is tried again, later each time, three times in all") {
  struct {
    int status;
    unsigned attempts;
  } table[] = {{0, 1},  {65, 1}, {69, 3}, {70, 1}, {73, 1}, {74, 1},
               {75, 3}, {76, 1}, {77, 1}, {78, 1}, {1, 1}};
  for (const auto& row : table) {
    CAPTURE(row.status);
    Schedule schedule(1, false, 1);
    schedule.add("a");
    auto now = kBegin;
    unsigned attempts = 0;
    auto shortest = 1s;
    for (bool over = false; !over;) {
      REQUIRE(started(schedule, now) == "a");
      CHECK(schedule.attempts("a") == ++attempts);
      over = schedule.ended("a", row.status, now);
      CHECK(schedule.over() == over);
      if (over) break;
      REQUIRE(schedule.due());
      CHECK(*schedule.due() >= now + 2 * shortest);
      CHECK(*schedule.due() <= now + 4 * shortest);
      CHECK(started(schedule, *schedule.due() - 1ns) == "");
      now = *schedule.due();
      shortest *= 2;
    }
    CHECK(attempts == row.attempts);
  }
}

TEST_CASE("schedule: one that waits takes no place, and is not behind all others when it is due") {
  Schedule schedule(1, false, 1);
  addAll(schedule, "abc");
  CHECK(started(schedule, kBegin) == "a");
  CHECK_FALSE(schedule.ended("a", 75, kBegin));
  CHECK(started(schedule, kBegin) == "b");
  CHECK_FALSE(schedule.due());  // no place
  CHECK(schedule.later() == 1);
  CHECK(schedule.ended("b", 0, kBegin));
  REQUIRE(schedule.due());
  CHECK(started(schedule, *schedule.due()) == "a");
}

TEST_CASE("schedule: one that watches leaves its place to the next") {
  Schedule schedule(1, true, 1);
  addAll(schedule, "abc");
  CHECK(started(schedule, kBegin) == "a");
  schedule.ready("a");
  schedule.ready("a");
  CHECK(started(schedule, kBegin) == "b");
  CHECK(schedule.running() == 2);
  CHECK_FALSE(schedule.ended("a", 70, kBegin));
  CHECK(schedule.ended("b", 77, kBegin));
  CHECK(started(schedule, kBegin) == "c");
  CHECK_FALSE(schedule.begun());
  schedule.ready("c");
  CHECK(schedule.begun());
  CHECK_FALSE(schedule.over());
  schedule.remove("c");
  CHECK_FALSE(schedule.over());
  schedule.remove("a");
  CHECK(schedule.over());
}

TEST_CASE("schedule: a watcher that ends is started again, unless somebody has to mend something") {
  struct {
    int status;
    bool over;
  } table[] = {{0, false},  {64, true},  {65, true},  {69, false}, {70, false}, {73, true},
               {74, false}, {75, false}, {76, false}, {77, true},  {78, true},  {1, false}};
  for (const auto& row : table) {
    CAPTURE(row.status);
    Schedule schedule(1, true, 1);
    schedule.add("a");
    auto now = kBegin;
    for (int i = 0; i < 10; ++i) {
      REQUIRE(started(schedule, now) == "a");
      REQUIRE(schedule.ended("a", row.status, now) == row.over);
      if (row.over) break;
      now = *schedule.due();
    }
    CHECK(now <= kBegin + 10 * 10min);
  }
}

TEST_CASE("schedule: accounts vanish, wherever they are; and nothing is started after a stop") {
  Schedule schedule(2, false, 1);
  addAll(schedule, "abcdef");
  CHECK(started(schedule, kBegin) == "a b");
  CHECK_FALSE(schedule.ended("a", 69, kBegin));
  schedule.remove("a");
  schedule.remove("b");
  schedule.remove("d");
  schedule.remove("nobody");
  CHECK(started(schedule, kBegin + 1h) == "c e");
  schedule.stop();
  CHECK(schedule.ended("c", 75, kBegin));
  CHECK_FALSE(schedule.over());
  CHECK(schedule.ended("e", 0, kBegin));
  CHECK(schedule.over());
  CHECK(started(schedule, kBegin + 1h) == "");
}
