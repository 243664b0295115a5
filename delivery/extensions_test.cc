// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "delivery/extensions.h"

#include <doctest/doctest.h>

using namespace interimap;

TEST_CASE("Extensions are what the lines behind the first say") {
  struct {
    std::vector<std::string> lines;
    Extensions extensions;
  } const table[] = {
      {{"mx.example.org"}, {}},
      {{"PIPELINING"}, {}},
      {{"mx", "PIPELINING", "SIZE 1000", "8BITMIME", "SMTPUTF8", "CHUNKING", "DSN"},
       {true, true, true, true, true, 1000, false, {}}},
      {{"mx", "pipelining", "Size", "8BitMime"}, {true, true, false, false, true, {}, false, {}}},
      {{"mx", "STARTTLS", "AUTH plain  LOGIN "}, {.startTls = true, .auth = {"PLAIN", "LOGIN"}}},
      {{"mx", "AUTH"}, {}},
      {{"mx", "STARTTLSX", "AUTH=PLAIN"}, {}},
      {{"mx", "SIZE 0"}, {.size = true}},
      {{"mx", "SIZE many"}, {.size = true}},
      {{"mx", "SIZE 18446744073709551616"}, {.size = true}},
      {{"mx", "SIZE -1"}, {.size = true}},
      {{"mx", "SIZE 10 20"}, {.size = true}},
      {{"mx", "XPIPELINING", "PIPELINING2", " CHUNKING", "", "250-CHUNKING"}, {}},
  };
  for (const auto& row : table) {
    CAPTURE(row.lines.back());
    CHECK(Extensions::parse({250, row.lines}) == row.extensions);
  }
}
