// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/config/list_patterns.h"

#include <doctest/doctest.h>

using namespace interimap;
using Patterns = std::vector<std::string>;

TEST_CASE("list-mailbox") {
  using namespace std::string_literals;
  struct {
    std::string_view value;
    Patterns patterns;
  } table[] = {
      {"*", {"*"}},
      {"INBOX  work*\t%", {"INBOX", "work*", "%"}},
      {"a]b}c", {"a]b}c"}},
      {R"("two words")", {"two words"}},
      {R"("a\"b\\c")", {"a\"b\\c"}},
      {R"("a\0b\x00c")", {"a\0b\0c"s}},
      {R"("\a\b\t\n\f\r\v")", {"\a\b\t\n\f\r\v"}},
      {R"("\xE9\x7f(){}")", {"\xE9\x7F(){}"}},
      {"\"Entw\xC3\xBCrfe\" Entw\xC3\xBCrfe", {"Entw\xC3\xBCrfe", "Entw\xC3\xBCrfe"}},
  };
  for (const auto& row : table) {
    CAPTURE(row.value);
    auto patterns = parsePatterns(row.value);
    REQUIRE(patterns);
    CHECK(*patterns == row.patterns);
  }
}

TEST_CASE("list-mailbox refuses everything else") {
  for (std::string_view value :
       {"", " a", "a ", "a\"b\"", "\"a\"b", "\"a\"\"b\"", "\"\"", "\"a", "\"a\\\"", "\"\\q\"", "\"\\x4\"",
        "\"\\x4g\"", "\"\\x-1\"", "a(b", "a\\b", "{", "\"\x01\""}) {
    CAPTURE(value);
    CHECK_FALSE(parsePatterns(value));
  }
}
