// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "ipc/mailbox_name.h"

#include <doctest/doctest.h>

using namespace interimap;
using namespace std::string_literals;

TEST_CASE("a mailbox name is neither empty nor longer than its limit") {
  CHECK_FALSE(MailboxName::of(""));
  CHECK(MailboxName::of("a"));
  CHECK(MailboxName::of(std::string(MailboxName::kLongest, 'a')));
  CHECK_FALSE(MailboxName::of(std::string(MailboxName::kLongest + 1, 'a')));
}

TEST_CASE("a mailbox name keeps its bytes, a NUL where the delimiter was") {
  for (const std::string& bytes : {"INBOX"s, "Entw&APw-rfe"s, "a\0b"s, "\0"s, "\xff\r\n"s}) {
    CAPTURE(bytes);
    auto name = MailboxName::of(bytes);
    REQUIRE(name);
    CHECK(name->bytes() == bytes);
  }
}

TEST_CASE("INBOX is INBOX in upper case only; its children are not") {
  CHECK(MailboxName::of("INBOX")->isInbox());
  for (const std::string& bytes : {"inbox"s, "Inbox"s, "INBOX\0a"s, "INBOX\0"s, "INBO"s})
    CHECK_FALSE(MailboxName::of(bytes)->isInbox());
}

TEST_CASE("mailbox names compare bytewise") {
  CHECK(*MailboxName::of("a") == *MailboxName::of("a"));
  CHECK(*MailboxName::of("a") != *MailboxName::of("A"));
  CHECK(*MailboxName::of("a") < *MailboxName::of("a\0b"s));
  CHECK(WireName{"a/b"} != WireName{"a.b"});
}
