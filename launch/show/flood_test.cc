// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/show/flood.h"

#include <doctest/doctest.h>

using namespace interimap;
using namespace std::chrono_literals;

namespace {

constexpr Flood::Clock::time_point kStart{};

// Of so many lines.
int admitted(Flood& flood, int lines, Flood::Clock::time_point now, std::uint64_t octets = 10) {
  int count = 0;
  for (int i = 0; i < lines; ++i) count += flood.admits(octets, now);
  return count;
}

}  // namespace

TEST_CASE("field 28: what a server says is limited per minute, in lines and in octets") {
  Flood flood(kFromServer);
  CHECK(admitted(flood, 1000, kStart) == 60);
  CHECK(flood.due(kStart) == 940);
  CHECK(flood.rest() == 0);
  CHECK(admitted(flood, 1000, kStart + 30s) == 30);
  CHECK(flood.due(kStart + 30s) == std::nullopt);  // told half a minute ago
  CHECK(admitted(flood, 1000, kStart + 60s) == 30);
  CHECK(flood.due(kStart + 60s) == 970 + 970);
  CHECK(admitted(flood, 1000, kStart + 10h) == 60);  // a silence saves no more than that
  Flood long_(kFromServer);
  CHECK(admitted(long_, 1000, kStart, 16384) == 3);
}

TEST_CASE("field 28: time that passes in small steps counts") {
  Flood flood(kFromServer);
  int count = 0;
  for (auto now = kStart; now < kStart + 10min; now += 5ms) count += flood.admits(10, now);
  CHECK(count >= 630);
  CHECK(count <= 660);
}

TEST_CASE("field 28: a session has a bound") {
  Flood flood(kFromServer);
  std::uint64_t octets = 0;
  for (auto now = kStart; now < kStart + 240h; now += 1min) octets += 1024U * admitted(flood, 100, now);
  CHECK(octets == kFromServer.inAll);
}

TEST_CASE("field 28: what sync says of its work is all shown, for any work there is") {
  Flood flood(kOfWork);
  CHECK(admitted(flood, 300'000, kStart, 200) == 300'000);
}
