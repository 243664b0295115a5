// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/response/resp_text.h"

#include <doctest/doctest.h>

using namespace interimap;

TEST_CASE("response codes, whatever comes behind them") {
  struct Case {
    std::string_view text, code, arguments;
  };
  const Case cases[] = {
      {"[UIDVALIDITY 3857529045] UIDs valid", "UIDVALIDITY", "3857529045"},
      {"[UIDVALIDITY 3857529045]", "UIDVALIDITY", "3857529045"},
      {"[closed] ", "CLOSED", ""},
      {"[ALERT] \xe9teint", "ALERT", ""},
      {"[PERMANENTFLAGS (\\Deleted a] \\*)] Limited", "PERMANENTFLAGS", "(\\Deleted a] \\*)"},
      {"[PERMANENTFLAGS (\\Deleted] broken", "PERMANENTFLAGS", "(\\Deleted"},
      {"[X \"]\" y] text", "X", "\"]\" y"},
      {"[unfinished", "", ""},
      {"no code [AT ALL]", "", ""},
      {"", "", ""},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    auto parsed = RespText::parse(c.text);
    CHECK(parsed.code == c.code);
    CHECK(parsed.arguments == c.arguments);
    CHECK(parsed.text == c.text);
  }
}

TEST_CASE("numbers in codes") {
  CHECK(RespText::parse("[HIGHESTMODSEQ 18446744073709551615] x").number("HIGHESTMODSEQ") ==
        18446744073709551615U);
  for (auto text : {"[UIDNEXT x]", "[UIDNEXT]", "[UIDNEXT 5 6]", "[UIDNEXT -5]", "[UIDVALIDITY 5]"})
    CHECK_FALSE(RespText::parse(text).number("UIDNEXT"));
}

TEST_CASE("PERMANENTFLAGS") {
  auto some = RespText::parse("[PERMANENTFLAGS (\\Seen work \\*)] x").permanentFlags();
  REQUIRE(some);
  CHECK_FALSE(some->all);
  CHECK(some->keywords);
  CHECK(some->flags == *Flags::parse("\\Seen work"));
  auto none = RespText::parse("[PERMANENTFLAGS ()] read-only").permanentFlags();
  REQUIRE(none);
  CHECK_FALSE(none->allows("\\Seen"));
  CHECK_FALSE(RespText::parse("[PERMANENTFLAGS] x").permanentFlags());
}

TEST_CASE("APPENDUID: UIDs in the order of the messages, ranges ascending") {
  struct Case {
    std::string_view text;
    std::size_t most;
    std::vector<std::uint32_t> uids;  // none: refused
  };
  const Case cases[] = {
      {"[APPENDUID 38505 3955] done", 1, {3955}},
      {"[APPENDUID 38505 3955:3957] done", 3, {3955, 3956, 3957}},
      {"[APPENDUID 38505 3957:3955] done", 3, {3955, 3956, 3957}},
      {"[APPENDUID 38505 10,3:4]", 3, {10, 3, 4}},
      {"[APPENDUID 38505 1:4294967295]", 128, {}},
      {"[APPENDUID 38505 1:3]", 2, {}},
      {"[APPENDUID 0 1]", 1, {}},
      {"[APPENDUID 1 0]", 1, {}},
      {"[APPENDUID 1 1,]", 2, {}},
      {"[APPENDUID 1 *]", 2, {}},
      {"[APPENDUID 1]", 2, {}},
      {"[COPYUID 1 1]", 2, {}},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    auto parsed = AppendUid::parse(RespText::parse(c.text), c.most);
    CHECK(parsed.has_value() == !c.uids.empty());
    if (!parsed) continue;
    CHECK(parsed->uidValidity.value == 38505);
    std::vector<std::uint32_t> uids;
    for (Uid uid : parsed->uids) uids.push_back(uid.value());
    CHECK(uids == c.uids);
  }
}

TEST_CASE("status responses") {
  auto no = StatusResponse::parse("no [OVERQUOTA] Quota exceeded");
  REQUIRE(no);
  CHECK(no->condition == Condition::no);
  CHECK(no->words() == "NO [OVERQUOTA] Quota exceeded");
  CHECK(StatusResponse::parse("OK")->words() == "OK");
  CHECK_FALSE(StatusResponse::parse("OKAY then"));
  CHECK_FALSE(StatusResponse::parse(""));
}
