// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/show/json.h"

#include <doctest/doctest.h>

using namespace interimap;
using namespace std::string_literals;

TEST_CASE("json: an object on one line, whatever the text") {
  CHECK(JsonObject().line() == "{}\n");
  CHECK(JsonObject().add("a", "x").add("b", std::uint64_t{18446744073709551615u}).add("c", "").line() ==
        "{\"a\":\"x\",\"b\":18446744073709551615,\"c\":\"\"}\n");
  struct {
    std::string text, json;
  } table[] = {
      {"caf\xC3\xA9", "caf\xC3\xA9"},
      {"a \"b\" \\c", R"(a \"b\" \\c)"},
      {"a\nb\x1B[2J\x7F", R"(a\\x0Ab\\x1B[2J\\x7F)"},
      {"\xE9\xFF\0"s, R"(\\xE9\\xFF\\x00)"},
      {"\xE2\x80\xA8", R"(\\xE2\\x80\\xA8)"},
  };
  for (const auto& row : table) {
    CAPTURE(row.text);
    CHECK(JsonObject().add("t", row.text).line() == "{\"t\":\"" + row.json + "\"}\n");
  }
}
