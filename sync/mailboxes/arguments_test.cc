// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/mailboxes/arguments.h"

#include <doctest/doctest.h>

using namespace interimap;

TEST_CASE("patterns of LIST") {
  struct {
    const char *pattern, *name;
    bool matches;
  } table[] = {
      {"a", "a", true},         {"a", "b", false},       {"a", "ab", false},     {"*", "a/b", true},
      {"%", "a", true},         {"%", "a/b", false},     {"a/%", "a/b", true},   {"a/%", "a/b/c", false},
      {"a/*", "a/b/c", true},   {"%/c", "a/b/c", false}, {"*/c", "a/b/c", true}, {"*%", "a/b/c", true},
      {"inbox", "INBOX", true}, {"%b%", "abc", true},    {"*b%", "a/bc", true},  {"*b%", "a/bc/d", false},
      {"%a%/b", "xax/b", true}, {"", "", true},          {"%", "", true},        {"a%c*e", "abc/d/e", true},
      {"a%c", "ab/c", false},
  };
  for (const auto& row : table) {
    CAPTURE(row.pattern);
    CAPTURE(row.name);
    CHECK(matchesPattern(row.pattern, row.name, '/') == row.matches);
  }
}

TEST_CASE("field 32: what may have been meant") {
  const std::vector<std::string> names{"INBOX", "Work", "Archive/2025", "Archive/2024", "Sent"};
  struct {
    const char *word, *meant;
  } table[] = {
      {"Wrok", "Work"},
      {"work", "Work"},
      {"2025", "Archive/2025"},
      {"Archive/2026", "Archive/2025"},
      {"Achive/2024", "Archive/2024"},
      {"Sentt", "Sent"},
      {"status", ""},
      {"x", ""},
      {"old/Sent", "Sent"},
      {"Inbx", "INBOX"},
      {"", ""},
  };
  for (const auto& row : table) {
    CAPTURE(row.word);
    CHECK(nearest(row.word, names, '/').value_or("") == row.meant);
  }
  CHECK(noSuchMailbox("wrok", names, '/') == "No mailbox is called wrok. Did you mean Work?");
  CHECK(noSuchMailbox("status", names, '/') == "No mailbox is called status on either server.");
}
