// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/throttling.h"

#include <doctest/doctest.h>

#include <vector>

#include "ipc/failure.h"
#include "ipc/launch.h"

using namespace interimap;
using namespace std::chrono_literals;
using Why = Throttled::Why;

namespace {

std::optional<Throttled> said(std::string_view status, std::string_view command = "UID FETCH") {
  return Throttled::inAnswer(*StatusResponse::parse(status), command);
}

}  // namespace

TEST_CASE("throttling: what servers say") {
  const struct {
    const char* status;
    std::optional<Throttled> said;
  } kCases[] = {
      // Exchange: any condition, any unit.
      {"BAD Request is throttled. Suggested Backoff Time: 299609 milliseconds", {{Why::tooMuch, 299609ms}}},
      {"NO Request is throttled. Suggested Backoff Time: 300 ms", {{Why::tooMuch, 300ms}}},
      {"NO request is throttled. suggested backoff time:5s", {{Why::tooMuch, 5s}}},
      {"BAD Request is throttled. Suggested Backoff Time: 2 minutes", {{Why::tooMuch, 2min}}},
      {"BAD Request is throttled. Suggested Backoff Time: 7", {{Why::tooMuch, 7ms}}},
      {"BAD Request is throttled. Suggested Backoff Time: soon", {{Why::tooMuch}}},
      {"BAD Request is throttled. Suggested Backoff Time: 99999999999999999999999 milliseconds",
       {{Why::tooMuch, std::chrono::milliseconds(kLongestWait)}}},
      {"BAD Request is throttled. Suggested Backoff Time: 18446744073709551615 hours",
       {{Why::tooMuch, std::chrono::milliseconds(kLongestWait)}}},
      {"NO [LIMIT] slow down, try again in 30 seconds", {{Why::tooMuch, 30s}}},
      {"NO Server Unavailable. 15", {{Why::later}}},
      // Gmail.
      {"NO [OVERQUOTA] Account exceeded command or bandwidth limits. (Failure)", {{Why::quota}}},
      {"NO [THROTTLED] no", {{Why::tooMuch}}},
      {"OK Success [THROTTLED]", {{Why::slower}}},
      {"OK [THROTTLED]", {{Why::slower}}},
      // Yahoo, iCloud, and who has the codes.
      {"NO [UNAVAILABLE] UID FETCH Server error - Please try again later", {{Why::later}}},
      {"NO [unavailable]", {{Why::later}}},
      {"NO [INUSE] somebody else is at it", {{Why::later}}},
      {"NO [LIMIT] not now", {{Why::later}}},
      {"NO [LIMIT] Too many commands", {{Why::tooMuch}}},
      {"BAD Too many requests", {{Why::tooMuch}}},
      {"NO Rate limit hit", {{Why::tooMuch}}},
      {"NO service temporarily unavailable", {{Why::later}}},
      // Anything else.
      {"OK Success", {}},
      {"OK nothing is throttled", {}},
      {"OK Suggested Backoff Time: 300 milliseconds", {}},
      {"NO [SERVERBUG] index is broken", {}},
      {"NO [NONEXISTENT] no such mailbox", {}},
      {"NO Keyword not supported", {}},
      {"NO wait for the night of 30 seconds", {}},
      {"BAD Command Argument Error. 11", {}},
  };
  for (const auto& each : kCases) {
    CAPTURE(each.status);
    CHECK(said(each.status) == each.said);
  }
}

TEST_CASE("throttling: some words are about what was asked if that changes something") {
  for (const char* command : {"APPEND", "CREATE", "RENAME", "UID STORE", "UID EXPUNGE", "LOGOUT"})
    for (const char* words : {"NO [OVERQUOTA] full", "NO [LIMIT] message is too big", "NO [INUSE] not now"}) {
      CAPTURE(command);
      CAPTURE(words);
      CHECK_FALSE(said(words, command));
    }
  for (const char* command : {"SELECT", "EXAMINE", "LIST", "STATUS", "UID SEARCH", "NOOP"})
    CHECK(said("NO [OVERQUOTA] later", command) == Throttled{Why::quota});
  CHECK(said("NO [OVERQUOTA] Account exceeded command or bandwidth limits.", "APPEND") ==
        Throttled{Why::quota});
  CHECK(said("NO [UNAVAILABLE] no", "APPEND") == Throttled{Why::later});
}

TEST_CASE("throttling: what a BYE says") {
  const struct {
    const char* text;
    std::optional<Throttled> said;
  } kCases[] = {
      {"Too many commands", {{Why::tooMuch}}},
      {"Request is throttled. Suggested Backoff Time: 300 milliseconds", {{Why::tooMuch, 300ms}}},
      {"[OVERQUOTA] Account exceeded command or bandwidth limits.", {{Why::quota}}},
      {"Session expired, please login again.", {{Why::later}}},
      {"Session invalidated - AccessTokenExpired", {{Why::later}}},
      {"", {}},
      {"Connection closed. 14", {}},
      {"[UNAVAILABLE] down for maintenance", {}},
      {"Autologout; idle for too long", {}},
  };
  for (const auto& each : kCases) {
    CAPTURE(each.text);
    CHECK(Throttled::inBye(each.text) == each.said);
  }
}

TEST_CASE("throttling: how long the server is left alone") {
  std::vector<std::chrono::milliseconds> told;
  bool tooLong = false;
  Throttle throttle(1h, {}, [&](auto length, const std::string&, bool over) {
    told.push_back(length);
    tooLong = over;
  });
  Throttle::Clock::time_point now{};
  CHECK(throttle.left(now) == 0ms);

  SUBCASE("as long as it says, and never asked all the time") {
    throttle.refused({Why::tooMuch, 300ms}, "x", now);
    CHECK(throttle.left(now) == 300ms);
    throttle.refused({Why::tooMuch, 200ms}, "x", now);  // of the same flight
    CHECK(throttle.left(now) == 300ms);
    throttle.refused({Why::tooMuch, 500ms}, "x", now);
    CHECK(throttle.left(now) == 500ms);
    CHECK(throttle.left(now += 500ms) == 0ms);
    CHECK(told == std::vector{300ms});
    for (int i = 0; i < 6; ++i) throttle.refused({Why::tooMuch, 0ms}, "x", now += throttle.left(now));
    CHECK(throttle.left(now) == 6400ms);
  }
  SUBCASE("twice as long each time, until something is done") {
    for (std::chrono::milliseconds first : {1s, 2s, 4s, 8s}) {
      throttle.refused({Why::later}, "x", now += throttle.left(now));
      CHECK(throttle.left(now) >= first);
      CHECK(throttle.left(now) <= first + first / 4);
    }
    now += throttle.left(now);
    CHECK(throttle.isThrottled());
    throttle.passed();
    CHECK_FALSE(throttle.isThrottled());
    throttle.refused({Why::later}, "x", now);
    CHECK(throttle.left(now) <= 1250ms);
  }
  SUBCASE("a little, where it is done and more is not wanted at once") {
    for (auto wait : {50ms, 100ms, 200ms}) {
      throttle.refused({Why::slower}, "x", now += throttle.left(now));
      CHECK(throttle.left(now) == wait);
    }
    CHECK(told.empty());
  }
  SUBCASE("but not for too long") {
    CHECK_THROWS_AS(throttle.refused({Why::tooMuch, 3601s}, "x", now), Failure);
    CHECK(tooLong);
    CHECK(told == std::vector<std::chrono::milliseconds>{3601s});
  }
  SUBCASE("all in all") {
    auto ask = [&] {
      for (int i = 0; i < 100; ++i) throttle.refused({Why::quota}, "NO x", now += throttle.left(now));
    };
    CHECK_THROWS_AS(ask(), Failure);
    CHECK(now.time_since_epoch() <= 1h);
    CHECK(now.time_since_epoch() >= 15min);
  }
}
