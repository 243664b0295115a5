// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/silence.h"

#include <doctest/doctest.h>

#include "ipc/failure.h"

using namespace interimap;
using namespace std::chrono_literals;

namespace {

const Silence::Clock::time_point kStart = Silence::Clock::now();
const Deadlines kDeadlines{.greeting = 10s, .afterAlert = 1s, .command = 300s};

}  // namespace

TEST_CASE("silence: each thing that is awaited has its time, nothing has none") {
  struct {
    Awaited awaited;
    std::chrono::milliseconds after;
    int left;  // milliseconds
    bool over;
  } table[] = {{Awaited::greeting, 0s, 10'000, false},
               {Awaited::greeting, 9999ms, 1, false},
               {Awaited::greeting, 10s, 0, true},
               {Awaited::greeting, 1h, 0, true},
               {Awaited::otherGreeting, 999ms, 1, false},
               {Awaited::otherGreeting, 1s, 0, true},
               {Awaited::answer, 299s, 1'000, false},
               {Awaited::answer, 300s, 0, true},
               {Awaited::nothing, 1000h, -1, false},
               {Awaited::news, 59s, 1'000, false},
               {Awaited::news, 60s, 0, true}};
  for (const auto& row : table) {
    CAPTURE(static_cast<int>(row.awaited));
    CAPTURE(row.after.count());
    Silence silence(kDeadlines, kStart);
    silence.watch(60s, kStart);
    CHECK(silence.over(row.awaited, kStart + row.after) == row.over);
    CHECK(silence.left(row.awaited, kStart + row.after) == row.left);
  }
}

TEST_CASE("silence: a watch without a period never ends by itself, and poll has a limit") {
  Silence silence(kDeadlines, kStart);
  silence.watch(0s, kStart);
  CHECK_FALSE(silence.over(Awaited::news, kStart + 1000h));
  CHECK(silence.left(Awaited::news, kStart + 1000h) == -1);
  silence.watch(std::chrono::seconds(1000h), kStart);
  CHECK(silence.left(Awaited::news, kStart) == 3'600'000);
}

TEST_CASE("silence does not run while nothing is awaited") {
  Silence silence(kDeadlines, kStart);
  CHECK(silence.left(Awaited::nothing, kStart + 1h) == -1);
  CHECK(silence.left(Awaited::answer, kStart + 1h) == 300'000);
}

TEST_CASE("silence: a response is a sign of life, a piece of one if it is large enough") {
  Silence silence(kDeadlines, kStart);
  silence.receiving(limits::kProgress - 1, kStart + 300s);
  CHECK(silence.over(Awaited::answer, kStart + 300s));
  silence.receiving(limits::kProgress, kStart + 300s);
  CHECK_FALSE(silence.over(Awaited::answer, kStart + 599s));
  silence.heard(limits::kProgress + 10, kStart + 400s);
  CHECK_FALSE(silence.over(Awaited::answer, kStart + 699s));
  silence.receiving(2 * limits::kProgress, kStart + 700s);  // counts from the last response
  CHECK(silence.over(Awaited::answer, kStart + 700s));
}

TEST_CASE("silence ends with responses that nobody asked for, unless commands are answered") {
  Silence silence(kDeadlines, kStart);
  for (int round = 0; round < 2; ++round) {
    for (std::uint64_t i = 0; i < limits::kMostUnasked; ++i) silence.unasked();
    if (round == 0) silence.answered();
  }
  CHECK_THROWS_AS(silence.unasked(), Failure);
}
