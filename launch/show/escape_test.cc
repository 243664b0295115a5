// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/show/escape.h"

#include <doctest/doctest.h>

using namespace interimap;

TEST_CASE("escaping keeps what can be read and nothing else") {
  struct {
    std::string_view text, shown;
  } table[] = {
      {"", ""},
      {"plain text, \"quoted\" \\Seen", "plain text, \"quoted\" \\Seen"},
      {"Entw\xC3\xBCrfe \xE2\x82\xAC \xF0\x9F\x93\xA7", "Entw\xC3\xBCrfe \xE2\x82\xAC \xF0\x9F\x93\xA7"},
      {"a\r\nb\tc",
       "a\\x0D\\x0Ab\\x09"
       "c"},
      {std::string_view("\0", 1), "\\x00"},
      {"\x1B[2J\x7F", "\\x1B[2J\\x7F"},
      {"\xC2\x9B"
       "31m",
       "\\xC2\\x9B"
       "31m"},  // CSI as one C1 character
      {"\xC2\xA0", "\xC2\xA0"},
      {"caf\xE9!", "caf\\xE9!"},   // Latin-1
      {"\xE2\x82", "\\xE2\\x82"},  // cut off
      {"\xE2\x80\xAE"
       "exe",
       "\\xE2\\x80\\xAE"
       "exe"},                              // right-to-left override
      {"\xE2\x80\xA8", "\\xE2\\x80\\xA8"},  // line separator
      {"\xE2\x81\xA6", "\\xE2\\x81\\xA6"},  // isolate
  };
  for (const auto& row : table) {
    CAPTURE(row.shown);
    CHECK(escape(row.text) == row.shown);
    CHECK(escape(row.shown) == row.shown);
  }
}
