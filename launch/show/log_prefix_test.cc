// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/show/log_prefix.h"

#include <doctest/doctest.h>

using namespace interimap;

TEST_CASE("log-prefix") {
  constexpr std::string_view kUsual = "%?n?%?m?%n(%m)&%n?: ?";
  struct {
    std::string_view format, component, mailbox, prefix;
  } table[] = {
      {kUsual, "local", "INBOX", "local(INBOX): "},
      {kUsual, "local", "", "local: "},
      {kUsual, "", "", ""},
      {kUsual, "", "INBOX", ""},
      {"", "local", "INBOX", ""},
      {"%n/%m>", "", "", "/>"},
      {"%n/%m>", "remote", "a%nb", "remote/a%nb>"},
      {"100%% %x %", "n", "m", "100% %x %"},
      {"%?m?[%m]&-?", "", "x", "[x]"},
      {"%?m?[%m]&-?", "", "", "-"},
      {"%?x?yes&no?", "n", "m", "no"},
      {"%?n?a\\?b\\&c\\\\d?", "n", "", "a?b&c\\d"},
      {"\\& \\? \\\\ \\n", "n", "", "& ? \\ \\n"},
      {"%?n?unfinished", "n", "", "%?n?unfinished"},
      {"what? %n & more", "n", "", "what? n & more"},
      {"%?n?%?m?1&2?&%?m?3&4??", "n", "m", "1"},
      {"%?n?%?m?1&2?&%?m?3&4??", "n", "", "2"},
      {"%?n?%?m?1&2?&%?m?3&4??", "", "m", "3"},
      {"%?n?%?m?1&2?&%?m?3&4??", "", "", "4"},
  };
  for (const auto& row : table) {
    CAPTURE(row.format);
    CHECK(logPrefix(row.format, row.component, row.mailbox) == row.prefix);
  }
}

TEST_CASE("log-prefix: conditions that do not end cost no more than those that do") {
  std::string format, level;
  for (int i = 0; i < 12; ++i) level += "%?n?";
  while (format.size() + level.size() + 2 <= kLongestLogPrefix) format += level + "%n";
  CHECK(logPrefix(format, "local", "INBOX").size() < 5 * format.size());
}
