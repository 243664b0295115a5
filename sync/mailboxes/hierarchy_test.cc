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

TEST_CASE("the remote server may have names of its own for mailboxes") {
  auto named = [](std::string text) { return *MailboxName::of(text); };
  auto map = std::make_shared<const NameMap>(
      *NameMap::of({{named("Sent"), named("Sent Items")}, {named("Lists"), named("ml\0all"s)}}));
  Hierarchy remote("perso.", '.', Hierarchy::Inbox::beside, map);
  const struct {
    std::string name, wire;
  } table[] = {
      {"Sent", "perso.Sent Items"}, {"Sent\0x"s, "perso.Sent Items.x"}, {"Lists\0a"s, "perso.ml.all.a"},
      {"INBOX", "INBOX"},           {"other", "perso.other"},
  };
  for (const auto& row : table) {
    CAPTURE(row.wire);
    CHECK(remote.wire(named(row.name)).bytes == row.wire);
    CHECK(remote.name({row.wire}) == named(row.name));
    CHECK(remote.canSpell(named(row.name)));
  }
  for (const char* taken : {"Sent", "Lists", "Lists.a"}) {
    CAPTURE(taken);
    CHECK_FALSE(remote.name({"perso."s + taken}));
    CHECK(remote.ownName({"perso."s + taken}));
  }
  for (const std::string& taken : {"Sent Items"s, "ml\0all\0b"s}) CHECK_FALSE(remote.canSpell(named(taken)));
  // A delimiter in a name is no matter where the other server does not see it.
  auto dotted = std::make_shared<const NameMap>(*NameMap::of({{named("v1.0"), named("v1")}}));
  CHECK(Hierarchy("", '.', Hierarchy::Inbox::below, dotted).canSpell(named("v1.0")));
}
