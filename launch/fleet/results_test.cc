// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/fleet/results.h"

#include <doctest/doctest.h>

#include <vector>

using namespace interimap;

TEST_CASE("results: the status is that of the worst") {
  struct {
    std::vector<int> statuses;
    std::size_t left;
    int status;
  } table[] = {{{}, 0, 0},           {{0, 0}, 0, 0},   {{0, 75}, 0, 75}, {{69, 0}, 0, 75}, {{69, 75}, 0, 75},
               {{0, 75, 77}, 0, 65}, {{78}, 0, 65},    {{65}, 0, 65},    {{70}, 0, 65},    {{1}, 0, 65},
               {{0}, 1, 75},         {{77, 0}, 1, 65}, {{}, 1, 75}};
  for (const auto& row : table) {
    Results results;
    results.left = row.left;
    for (std::size_t i = 0; i < row.statuses.size(); ++i)
      results.accounts[std::to_string(i)] = {.status = row.statuses[i]};
    CAPTURE(results.line());
    CHECK(results.status() == row.status);
  }
}

TEST_CASE("results: a table of what failed, and JSON of all") {
  Results results;
  CHECK(results.line() == "0 accounts: 0 done");
  results.accounts["alice"] = {.time = std::chrono::milliseconds(12), .text = "3 copied"};
  CHECK(results.line() == "1 account: 1 done");
  CHECK(results.table() == "");
  results.accounts["bob"] = {.status = 77, .text = "remote: \x1b[1m"};
  results.accounts["\xC3\xA9lodie"] = {.status = 75, .attempts = 3, .text = "locked"};
  results.accounts["mute"] = {.status = 1};
  results.left = 2;
  results.doneBefore = 4;
  CHECK(results.line() == "10 accounts: 1 done, 4 done before, 3 failed, 2 left");
  CHECK(results.table() ==
        "10 accounts: 1 done, 4 done before, 3 failed, 2 left\n"
        "  bob      77  remote: \\x1B[1m\n"
        "  mute     1 \n"
        "  \xC3\xA9lodie   75  locked (3 attempts)\n");
  results.accounts.erase("mute");
  CHECK(
      results.json() ==
      R"({"accounts":[{"instance":"alice","exitStatus":0,"attempts":1,"milliseconds":12,"text":"3 copied"},)"
      R"({"instance":"bob","exitStatus":77,"attempts":1,"milliseconds":0,"text":"remote: \\x1B[1m"},)"
      "{\"instance\":\"\xC3\xA9lodie\",\"exitStatus\":75,\"attempts\":3,\"milliseconds\":0,\"text\":"
      "\"locked\"}],"
      R"("done":1,"doneBefore":4,"failed":2,"left":2,"exitStatus":65})"
      "\n");
}

TEST_CASE("results: the name is in front of each line") {
  CHECK(withName("a", "") == "");
  CHECK(withName("a", "x\n\ny\n") == "a: x\na: \na: y\n");
  CHECK(withName("a", "x") == "a: x");
}
