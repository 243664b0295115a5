// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "ipc/internal_date.h"

#include <doctest/doctest.h>

#include <string>

using namespace interimap;

TEST_CASE("INTERNALDATE: the instant, and the text as it came") {
  struct {
    std::string_view text;
    std::int64_t seconds;
  } const table[] = {
      {"01-Jan-1970 00:00:00 +0000", 0},          {" 1-Jan-1970 00:00:00 +0000", 0},
      {"01-Jan-1970 00:00:00 -0000", 0},          {"31-Dec-1969 23:59:59 +0000", -1},
      {"17-Jul-1996 02:44:25 -0700", 837596665},  // RFC 3501 section 8
      {" 7-Feb-1994 21:52:25 -0800", 760686745},  // the Date of RFC 3501 section 6.3.11
      {"29-Feb-2024 23:59:59 +0530", 1709231399}, {"01-Jan-2000 00:00:00 -1130", 946726200},
      {"19-Jan-2038 03:14:08 +0000", 2147483648}, {"31-Dec-9999 23:59:59 +0000", 253402300799},
      {"31-Dec-2016 23:59:60 +0000", 1483228800},  // a leap second is the second after it
      {"17-JUL-1996 02:44:25 -0700", 837596665},   // RFC 3501 section 9: strings in the grammar ignore case
      {"17-jul-1996 02:44:25 -0700", 837596665},
  };
  for (const auto& row : table) {
    CAPTURE(row.text);
    auto date = InternalDate::parse(row.text);
    REQUIRE(date);
    CHECK(date->seconds() == row.seconds);
    CHECK(date->text() == row.text);
  }
}

TEST_CASE("INTERNALDATE: twelve months") {
  const char* const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::int64_t before = -1;
  for (const char* month : months) {
    CAPTURE(month);
    auto date = InternalDate::parse(std::string("15-") + month + "-2023 12:00:00 +0000");
    REQUIRE(date);
    if (before >= 0) {
      CHECK(date->seconds() - before >= 28 * 86400);
      CHECK(date->seconds() - before <= 31 * 86400);
    }
    before = date->seconds();
  }
  CHECK(before == 1702641600);
}

TEST_CASE("INTERNALDATE: the same instant in another zone is the same date") {
  auto there = InternalDate::parse("17-Jul-1996 02:44:25 -0700"),
       here = InternalDate::parse("17-Jul-1996 11:44:25 +0200");
  REQUIRE(there);
  REQUIRE(here);
  CHECK(*there == *here);
  CHECK(there->text() != here->text());
  CHECK_FALSE(*there == *InternalDate::parse("17-Jul-1996 02:44:26 -0700"));
}

TEST_CASE("INTERNALDATE refuses what the grammar and the calendar refuse") {
  using namespace std::string_view_literals;
  for (std::string_view text : {""sv,
                                "17-Jul-1996 02:44:25"sv,
                                "17-Jul-1996 02:44:25 GMT"sv,
                                "7-Jul-1996 02:44:25 -0700"sv,
                                "17-Jul-1996 02:44:25 -0700 "sv,
                                " 17-Jul-1996 02:44:25 -0700"sv,
                                "\"7-Jul-1996 02:44:25 -0700"sv,
                                "00-Jul-1996 02:44:25 -0700"sv,
                                " 0-Jul-1996 02:44:25 -0700"sv,
                                "  -Jul-1996 02:44:25 -0700"sv,
                                "1 -Jul-1996 02:44:25 -0700"sv,
                                "-1-Jul-1996 02:44:25 -0700"sv,
                                "32-Jul-1996 02:44:25 -0700"sv,
                                "31-Jun-1996 02:44:25 -0700"sv,
                                "30-Feb-1996 02:44:25 -0700"sv,
                                "29-Feb-2023 02:44:25 -0700"sv,
                                "17-Juk-1996 02:44:25 -0700"sv,
                                "17-anF-1996 02:44:25 -0700"sv,
                                "17-   -1996 02:44:25 -0700"sv,
                                "17-Jul-199x 02:44:25 -0700"sv,
                                "17-Jul--996 02:44:25 -0700"sv,
                                "17-Jul-1996 24:44:25 -0700"sv,
                                "17-Jul-1996 02:60:25 -0700"sv,
                                "17-Jul-1996 02:44:61 -0700"sv,
                                "17-Jul-1996 02:44:-5 -0700"sv,
                                "17-Jul-1996 +2:44:25 -0700"sv,
                                "17-Jul-1996 02:44:25 00700"sv,
                                "17-Jul-1996 02:44:25  0700"sv,
                                "17-Jul-1996 02:44:25 --700"sv,
                                "17-Jul-1996 02:44:25 -07:0"sv,
                                "17 Jul 1996 02:44:25 -0700"sv,
                                "17-Jul-1996T02:44:25 -0700"sv,
                                "17-Jul-1996 02.44.25 -0700"sv,
                                "17-Jul-1996 02:44:25\t-0700"sv,
                                "17-Jul-1996 02:44:25 -070\0"sv,
                                "17-J\xc3\xbc-1996 02:44:25 -0700"sv}) {
    CAPTURE(text);
    CHECK_FALSE(InternalDate::parse(text));
  }
}
