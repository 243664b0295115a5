// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/copying/pace.h"

#include <doctest/doctest.h>

#include <deque>

using namespace interimap;
using namespace std::chrono_literals;

namespace {

// A line that carries so much a second, each way in so much time, kept as full as the pace allows.
std::uint64_t after(std::uint64_t octets, double perSecond, std::chrono::duration<double> oneWay) {
  constexpr std::uint64_t kWindow = 64 << 10;
  Pace pace;
  struct InFlight {
    Pace::Sent sent;
    double due;
  };
  std::deque<InFlight> flying;
  double now = 0, carried = 0;
  auto time = [](double seconds) {
    return Pace::Time() +
           std::chrono::duration_cast<Pace::Time::duration>(std::chrono::duration<double>(seconds));
  };
  for (std::uint64_t done = 0; done < octets; done += kWindow) {
    while ((flying.size() + 1) * kWindow <= pace.most()) {
      carried = std::max(carried, now) + kWindow / perSecond;
      flying.push_back({pace.send(time(now)), carried + 2 * oneWay.count()});
    }
    now = flying.front().due;
    pace.answer(flying.front().sent, kWindow, time(now));
    flying.pop_front();
  }
  return pace.most();
}

}  // namespace

TEST_CASE("field 1: what is on its way unanswered is some seconds of what the line carries") {
  CHECK(Pace().most() == Pace::kAtFirst);
  CHECK(Pace().window() == Pace::kAtFirst);
  for (double perSecond : {100e3, 250e3, 1e6}) {
    CAPTURE(perSecond);
    for (auto oneWay : {0ms, 10ms, 100ms}) {
      auto most = static_cast<double>(after(20 << 20, perSecond, oneWay));
      CHECK(most >= 1.5 * perSecond);
      CHECK(most <= 3.2 * perSecond);
    }
  }
}

TEST_CASE("field 1: a line that broke over what was sent is begun with less") {
  CHECK(Pace(1).most() == Pace::kAtFirst / 4);
  CHECK(Pace(2).most() == Pace::kAtFirst / 16);
  CHECK(Pace(3).most() == Pace::kLeastAtFirst);
  CHECK(Pace(1'000'000).most() == Pace::kLeastAtFirst);
  Pace pace(9);
  for (int i = 0; i < 10; ++i) pace.answer(pace.send(Pace::Time()), 1 << 20, Pace::Time() + 1ms);
  CHECK(pace.most() == Pace::kMost);
  CHECK(pace.window() == Pace::kMost / 2);
}

TEST_CASE("a fast line is filled soon, whatever the way to it") {
  CHECK(after(2 << 20, 1e9, 0ms) == Pace::kMost);
  CHECK(after(8 << 20, 100e6, 50ms) == Pace::kMost);
}

TEST_CASE("a line that becomes slow is not trusted for long, and never less than a little") {
  Pace pace;
  for (int i = 0; i < 10; ++i) pace.answer(pace.send(Pace::Time()), 1 << 20, Pace::Time() + 1ms);
  CHECK(pace.most() == Pace::kMost);
  pace.answer(pace.send(Pace::Time()), 1 << 20, Pace::Time() + 10s);
  CHECK(pace.most() < 400'000);
  pace.answer(pace.send(Pace::Time()), 1000, Pace::Time() + 10s);
  CHECK(pace.most() == Pace::kLeast);
}

TEST_CASE("what the first flight shows of a fast line is enough") {
  Pace pace;
  Pace::Sent first = pace.send(Pace::Time()), second = pace.send(Pace::Time());
  for (const Pace::Sent& sent : {first, second}) pace.answer(sent, Pace::kAtFirst / 2, Pace::Time() + 150ms);
  CHECK(pace.most() >= 7 << 20);
}
