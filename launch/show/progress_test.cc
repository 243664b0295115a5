// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/show/progress.h"

#include <doctest/doctest.h>
#include <unistd.h>

using namespace interimap;

TEST_CASE("progress text") {
  CHECK(progressText({120, 1000, 3 << 20}, 79) == "120 of 1000 messages, 3.00M");
  CHECK(progressText({5, 0, 10}, 79) == "5 messages, 10");
  CHECK(progressText({1, 2, 3}, 6) == "1 of 2");
}

TEST_CASE("the progress line is drawn at most ten times a second and makes way for others") {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  auto written = [&] {
    char buffer[4096];
    ssize_t n = read(ends[0], buffer, sizeof buffer);
    return std::string(buffer, n > 0 ? static_cast<std::size_t>(n) : 0);
  };
  using namespace std::chrono_literals;
  auto now = ProgressLine::Clock::now();
  {
    ProgressLine line(ends[1]);
    CHECK(line.makeWay() == "");
    line.update({1, 9, 0}, now);
    CHECK(written() == "\r\x1b[K1 of 9 messages, 0");
    CHECK_FALSE(line.due());
    line.update({2, 9, 0}, now + 10ms);
    line.update({3, 9, 0}, now + 20ms);
    REQUIRE(line.due());
    CHECK(*line.due() == now + 100ms);
    line.draw(now + 100ms);
    CHECK(written() == "\r\x1b[K3 of 9 messages, 0");
    CHECK(line.makeWay() == "\r\x1b[K");
    CHECK(line.makeWay() == "");
    line.update({4, 9, 0}, now + 300ms);
    written();
  }
  CHECK(written() == "\r\x1b[K");  // nothing is left at the end
  close(ends[0]);
  close(ends[1]);
}
