// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/rate_limit.h"

#include <doctest/doctest.h>

#include <vector>

#include "net/script_test.h"

using namespace interimap;
using namespace std::chrono_literals;

TEST_CASE("a rate: whoever takes what may be taken moves so much, and no more than a quarter ahead") {
  const struct {
    std::uint64_t rate;
    std::size_t piece;  // at most, at once
  } kCases[] = {{1000, 100}, {1000, 1 << 20}, {50'000, 4096}, {50'000, 7}, {10 << 20, 1 << 18}, {1, 1}};
  for (const auto& each : kCases) {
    CAPTURE(each.rate);
    CAPTURE(each.piece);
    RateLimit rate(each.rate);
    const RateLimit::Clock::time_point start{1h};
    auto now = start;
    std::uint64_t moved = 0;
    while (now - start < 10s) {
      const std::size_t most = std::min(rate.most(now), each.piece);
      CHECK((most > 0) == (rate.left(now) == 0ms));
      if (most > 0) {
        rate.reached(moved += most, now);
        const std::chrono::duration<double> passed = now - start + RateLimit::kAhead;
        CHECK(static_cast<double>(moved) <= passed.count() * static_cast<double>(each.rate) + 1);
      }
      now += std::max<std::chrono::nanoseconds>(rate.left(now), 100us);
    }
    CHECK(moved >= 9 * each.rate);
  }
}

TEST_CASE("a rate: what was too much is waited for, and a pause earns no more than a quarter of a second") {
  RateLimit rate(1000);
  const RateLimit::Clock::time_point start{1h};
  CHECK(rate.most(start) == 250);
  rate.reached(5000, start);
  CHECK(rate.most(start) == 0);
  CHECK(rate.left(start) == 4875ms);
  CHECK(rate.most(start + 4874ms) == 0);
  CHECK(rate.most(start + 4875ms) == 125);
  CHECK(rate.most(start + 1h) == 250);
  rate.reached(5250, start + 1h);
  CHECK(rate.most(start + 1h) == 0);
  CHECK(rate.most(start + 1h + 125ms) == 125);
}

TEST_CASE("a rate: none") {
  RateLimit rate(0);
  rate.reached(1ULL << 60);
  CHECK(rate.left() == 0ms);
  CHECK(rate.most() > 1U << 30);
}

TEST_CASE("a rate: of what is read and sent, while sync is answered") {
  settings::Net settings = account();
  settings.rate = 100'000;
  settings.maxMessageSize = 1 << 20;
  Script script(std::move(settings));
  script.ready();
  const std::string body(150'000, 'x');
  auto id = script.ask(request::FetchBodies{uids("1")});
  script.hear("000002 UID FETCH 1 (FLAGS INTERNALDATE BODY.PEEK[])\r\n");
  const auto start = RateLimit::Clock::now();
  script.say("* 1 FETCH (UID 1 FLAGS () INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" BODY[] {150000}\r\n" +
             body + ")\r\n000002 OK\r\n");
  // What is asked meanwhile is sent in a moment, although more is there to be read.
  auto noop = script.ask(request::Simple{request::Simple::Verb::noop});
  script.hear("000003 NOOP\r\n");
  CHECK(RateLimit::Clock::now() - start < 1s);
  auto window = script.answer<answer::Window>(id);
  CHECK(RateLimit::Clock::now() - start >= 1200ms);
  CHECK(script.body(window.messages.at(0).body) == body);
  CHECK(script.done(id).ok());
  script.say("000003 OK\r\n");
  CHECK(script.done(noop).ok());
}
