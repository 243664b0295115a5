// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/mailboxes/hierarchy.h"

#include <doctest/doctest.h>

#include "ipc/failure.h"
#include "sync/mailboxes/ignore.h"

using namespace interimap;
using namespace std::string_literals;

TEST_CASE("names lose their reference and their delimiter, and get them back") {
  const struct {
    const char* reference;
    std::optional<char> delimiter;
    std::string wire;
    std::optional<std::string> name;
  } cases[] = {
      {"", '/', "a/b", "a\0b"s},
      {"", '.', "a/b", "a/b"s},
      {"perso/", '/', "perso/INBOX", "INBOX"s},
      {"perso/", '/', "work/x", {}},
      {"perso/", '/', "perso/", {}},
      {"", '\\', "a\\b", "a\0b"s},
      {"", {}, "flat", "flat"s},
      {"", '/', "inbox", "INBOX"s},
      {"", '/', "inbox/a", "inbox\0a"s},
      {"", '/', std::string(5000, 'x'), {}},
  };
  for (const auto& c : cases) {
    CAPTURE(c.wire);
    Hierarchy hierarchy(c.reference, c.delimiter);
    auto name = hierarchy.name({c.wire});
    REQUIRE(name.has_value() == c.name.has_value());
    if (!name) continue;
    CHECK(name->bytes() == *c.name);
    if (c.wire != "inbox") CHECK(hierarchy.wire(*name).bytes == c.wire);
  }
}

TEST_CASE("a name with the other side's delimiter inside a level cannot be spelled there") {
  MailboxName dotted = *MailboxName::of("a.b"), nested = *MailboxName::of("a\0b"s);
  CHECK_FALSE(Hierarchy("", '.').canSpell(dotted));
  CHECK(Hierarchy("", '/').canSpell(dotted));
  CHECK(Hierarchy("", '.').canSpell(nested));
  CHECK_FALSE(Hierarchy("", {}).canSpell(nested));
}

TEST_CASE("INBOX stays INBOX, and nothing else becomes it, where the delimiter is one of its letters") {
  Hierarchy odd("", 'I'), usual("", '/');
  auto inbox = odd.name({"inbox"});
  REQUIRE(inbox);
  CHECK(inbox->isInbox());
  CHECK(odd.canSpell(*inbox));
  CHECK(odd.wire(*inbox).bytes == "INBOX");
  auto nested = usual.name({"/nbox"});
  REQUIRE(nested);
  CHECK(usual.canSpell(*nested));
  CHECK_FALSE(odd.canSpell(*nested));
}

TEST_CASE("NUL in a pattern stands for the delimiter") {
  CHECK(Hierarchy("", '.').pattern("a\0*"s) == "a.*");
  CHECK_FALSE(Hierarchy("", {}).pattern("a\0*"s));
  CHECK(Hierarchy("", {}).pattern("a*") == "a*");
}

TEST_CASE("ignore-mailbox is a Perl regular expression, unanchored, over NUL-delimited names") {
  Ignore ignore("^virtual(?:\\x00|$)");
  CHECK(ignore.matches(*MailboxName::of("virtual")));
  CHECK(ignore.matches(*MailboxName::of("virtual\0all"s)));
  CHECK_FALSE(ignore.matches(*MailboxName::of("virtualnot")));
  CHECK(Ignore("(?i)SPAM").matches(*MailboxName::of("my spam")));
}

TEST_CASE("ignore-mailbox fails clearly: bad syntax, endless matching") {
  CHECK_THROWS_AS(Ignore("(unbalanced"), Failure);
  CHECK_THROWS_AS(Ignore("^(a+)+$").matches(*MailboxName::of(std::string(60, 'a') + "b")), Failure);
}

TEST_CASE("users see names without the reference") {
  Hierarchy hierarchy("perso.", '.');
  MailboxName name = *hierarchy.name({"perso.a.b"});
  CHECK(hierarchy.shown(name) == "a.b");
  CHECK(hierarchy.wire(name).bytes == "perso.a.b");
}

TEST_CASE("where all are below a prefix but INBOX") {
  const Hierarchy courier("INBOX.", '.', Hierarchy::Inbox::beside), plain("", '/');
  for (const char* inbox : {"INBOX", "Inbox"}) CHECK(courier.name({inbox})->isInbox());
  CHECK(courier.wire(*plain.name({"INBOX"})).bytes == "INBOX");
  CHECK(courier.shown(*plain.name({"INBOX"})) == "INBOX");
  const MailboxName work = *plain.name({"Work/2026"});
  CHECK(courier.wire(work).bytes == "INBOX.Work.2026");
  CHECK(courier.shown(work) == "Work.2026");
  CHECK(courier.name({"INBOX.Work.2026"}) == work);
  CHECK_FALSE(courier.name({"shared.x"}));
  CHECK_FALSE(courier.name({"INBOX.inbox"}));  // would be INBOX everywhere else
}
