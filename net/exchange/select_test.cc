// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/script_test.h"

using namespace interimap;

TEST_CASE("SELECT with QRESYNC") {
  Script script(account());
  script.ready();
  request::Known known{{67890007}, {90060115194045000}, uids("1:211"), 53, uids("41,43:46")};
  auto id = script.ask(request::Select{{"a b"}, false, known});
  script.hear("000002 SELECT \"a b\" (QRESYNC (67890007 90060115194045000 1:211 (49:53 41,43:46)))\r\n");
  script.say(
      "* OK [CLOSED]\r\n* 314 EXISTS\r\n* OK [UIDVALIDITY 67890007] x\r\n* OK [UIDNEXT 567] x\r\n"
      "* OK [HIGHESTMODSEQ 90060115205545359] x\r\n* OK [PERMANENTFLAGS (\\Seen \\*)] x\r\n"
      "* VANISHED (EARLIER) 41,43:46\r\n* 49 FETCH (UID 117 FLAGS (\\Seen) MODSEQ (90060115194045001))\r\n"
      "* VANISHED 1\r\n* 12 FETCH (FLAGS ())\r\n000002 OK [READ-ONLY] mailbox selected\r\n");
  CHECK(script.answer<answer::Vanished>(id).uids.text() == "41,43:46");
  auto messages = script.answer<answer::Messages>(id).messages;
  REQUIRE(messages.size() == 1);
  CHECK(messages[0].uid.value() == 117);
  CHECK(messages[0].modSeq.value == 90060115194045001);
  auto selected = script.answer<answer::Selected>(id);
  CHECK(selected == answer::Selected{{67890007}, {567}, {90060115205545359}, 314, true, false, {}});
  CHECK_FALSE(selected.storable.all);
  CHECK(selected.storable.allows("newkeyword"));
  CHECK(script.done(id).code == "READ-ONLY");

  SUBCASE("what comes before CLOSED belongs to the mailbox before") {
    auto second = script.ask(request::Select{{"b"}, true, request::Known{{1}, {5}, uids("1:9"), 0, {}}});
    script.hear("000003 EXAMINE b (QRESYNC (1 5 1:9))\r\n");
    script.say(
        "* 1 FETCH (UID 1 FLAGS () MODSEQ (99))\r\n* 7 EXISTS\r\n* VANISHED 2\r\n* OK [CLOSED] x\r\n"
        "* OK [UIDVALIDITY 1]\r\n* 2 FETCH (UID 2 FLAGS () MODSEQ (6))\r\n000003 OK\r\n");
    auto changed = script.answer<answer::Messages>(second).messages;
    REQUIRE(changed.size() == 1);
    CHECK(changed[0].uid.value() == 2);
    CHECK(script.answer<answer::Selected>(second).exists == 0);
    CHECK(script.done(second).ok());
  }
  SUBCASE("without CLOSED everything counts") {
    auto second = script.ask(request::Select{{"b"}, false, request::Known{{1}, {5}, uids("1:9"), 0, {}}});
    script.hear("000003 SELECT b (QRESYNC (1 5 1:9))\r\n");
    script.say("* 1 FETCH (UID 1 FLAGS () MODSEQ (99))\r\n* OK [NOMODSEQ]\r\n000003 OK\r\n");
    CHECK(script.answer<answer::Messages>(second).messages.size() == 1);
    CHECK(script.answer<answer::Selected>(second).highestModSeq.value == 0);
    CHECK(script.done(second).ok());
  }
  SUBCASE("and unselected again, which is done once") {
    script.ask(request::Simple{request::Simple::Verb::unselect});
    script.ask(request::Simple{request::Simple::Verb::unselect});
    script.hear("000003 UNSELECT\r\n000004 NOOP\r\n");
    script.say("000003 OK\r\n000004 OK\r\n");
    script.ask(request::Select{{"b"}, false, {}});
    script.ask(request::Simple{request::Simple::Verb::unselect});
    script.hear("000005 SELECT b\r\n000006 UNSELECT\r\n");
    script.say("000005 OK\r\n000006 OK\r\n");
    script.ask(request::Simple{request::Simple::Verb::unselect});
    script.hear("000007 NOOP\r\n");
  }
  SUBCASE("refused, and then no mailbox is selected") {
    auto second = script.ask(request::Select{{"c"}, false, {}});
    auto third = script.ask(request::Simple{request::Simple::Verb::unselect});
    script.hear("000003 SELECT c\r\n000004 UNSELECT\r\n");
    script.say("000003 NO [NONEXISTENT] gone\r\n000004 BAD no mailbox\r\n");
    auto done = script.done(second);
    CHECK(done.completion == answer::Done::Completion::no);
    CHECK(done.code == "NONEXISTENT");
    CHECK(done.text == "[NONEXISTENT] gone");
    CHECK(script.done(third).completion == answer::Done::Completion::bad);
    script.ask(request::Simple{request::Simple::Verb::unselect});
    script.hear("000005 NOOP\r\n");
  }
}

TEST_CASE("without UNSELECT a mailbox is left by an EXAMINE that fails, and never by CLOSE") {
  Script script(account());
  script.plain();
  auto select = script.ask(request::Select{{"b"}, false, {}});
  auto leave = script.ask(request::Simple{request::Simple::Verb::unselect});
  script.ask(request::Simple{request::Simple::Verb::unselect});
  script.hear(
      "000001 SELECT b\r\n000002 EXAMINE \"interimap: no mailbox, to leave the one that is selected\"\r\n"
      "000003 NOOP\r\n");
  script.say("000001 OK\r\n000002 NO no such mailbox\r\n");
  script.answer<answer::Selected>(select);
  CHECK(script.done(select).ok());
  CHECK(script.done(leave).ok());
}

TEST_CASE("what could not be read may be what matters: Select and Fetch say NO") {
  Script script(account());
  script.ready();
  auto select = script.ask(request::Select{{"b"}, false, request::Known{{1}, {5}, uids("1:9"), 0, {}}});
  script.hear("000002 SELECT b (QRESYNC (1 5 1:9))\r\n");
  SUBCASE("a VANISHED") { script.say("* VANISHED *\r\n000002 OK\r\n"); }
  SUBCASE("a FETCH") { script.say("* 1 FETCH (UID 0 FLAGS ())\r\n000002 OK\r\n"); }
  CHECK(script.done(select).code == answer::kUnreadable);
  auto fetch = script.ask(request::Fetch{uids("1:9"), request::Fetch::Items::flags});
  script.hear("000003 UID FETCH 1:9 (MODSEQ FLAGS)\r\n");
  script.say("* 1 FETCH (UID 1 FLAGS (\\Seen)\r\n000003 OK\r\n");
  CHECK(script.done(fetch).code == answer::kUnreadable);
}

TEST_CASE("SELECT: mod-sequences are asked for where there is no QRESYNC, and only if they are wanted") {
  Script script(account());
  script.ready();
  auto id = script.ask(request::Select{{"a"}, false, {}, true});
  script.hear("000002 SELECT a (CONDSTORE)\r\n");
  script.say("* 3 EXISTS\r\n* OK [UIDVALIDITY 7]\r\n* OK [UIDNEXT 5]\r\n* OK [HIGHESTMODSEQ 9]\r\n");
  SUBCASE("there are some") {
    script.say("000002 OK\r\n");
    CHECK(script.answer<answer::Selected>(id).highestModSeq.value == 9);
  }
  SUBCASE("not in this mailbox") {
    script.say("* OK [NOMODSEQ] none\r\n000002 OK\r\n");
    CHECK(script.answer<answer::Selected>(id).highestModSeq.value == 0);
  }
  CHECK(script.done(id).ok());
}
