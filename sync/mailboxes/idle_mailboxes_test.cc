// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/mailboxes/idle_mailboxes.h"

#include <doctest/doctest.h>

using namespace interimap;
using namespace std::string_literals;

TEST_CASE("idle-mailboxes: which are meant") {
  using Texts = std::vector<std::string>;
  struct {
    Texts patterns, names, in, leftOut, unmatched;
  } const table[] = {
      {{}, {"INBOX", "a"}, {}, {}, {}},
      {{"a"}, {"INBOX", "a", "b"}, {"X/a"}, {}, {}},
      {{"b", "*"}, {"INBOX", "a", "b"}, {"X/b", "X/a"}, {}, {}},  // the earlier pattern's come first
      {{"inbox"}, {"INBOX", "a"}, {}, {}, {}},                    // it is idled in anyway
      {{"lists\0%"s}, {"lists", "lists\0a"s, "lists\0a\0b"s}, {"X/lists/a"}, {}, {}},
      {{"c", "lists\0c"s, "a"}, {"INBOX", "a"}, {"X/a"}, {}, {"c", "lists/c"}},
      {{"8", "*"},
       {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"},
       {"X/8", "X/0", "X/1", "X/2", "X/3", "X/4", "X/5", "X/6"},
       {"X/7", "X/9"},
       {}},
  };
  auto bytes = [](const std::vector<WireName>& names) {
    Texts texts;
    for (const WireName& name : names) texts.push_back(name.bytes);
    return texts;
  };
  for (const auto& row : table) {
    std::vector<MailboxName> names;
    for (const std::string& name : row.names) names.push_back(*MailboxName::of(name));
    IdleMailboxes found = IdleMailboxes::of(row.patterns, names, Hierarchy("X/", '/'));
    CHECK(bytes(found.in) == row.in);
    CHECK(bytes(found.leftOut) == row.leftOut);
    CHECK(found.unmatched == row.unmatched);
  }
}

TEST_CASE("idle-mailboxes: a flat namespace has no mailbox below another") {
  IdleMailboxes found = IdleMailboxes::of({"a\0b"s}, {*MailboxName::of("a")}, Hierarchy("", std::nullopt));
  CHECK(found.in.empty());
  CHECK(found.unmatched == std::vector{"a/b"s});
}
