// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/exchange/list.h"

#include <doctest/doctest.h>

#include "ipc/failure.h"
#include "ipc/subscriptions.h"
#include "net/script_test.h"
#include "net/wire/limits.h"

using namespace interimap;

namespace {

struct Counted final : Answers {
  std::size_t entries = 0, packets = 0;
  void send(What what, Descriptor = {}) override {
    ++packets;
    if (auto* listed = std::get_if<answer::Listed>(&what)) entries += listed->entries.size();
    CHECK(pack(Answer{1, std::move(what), {}}).words.size() * 8 <= Channel::kMostBytes);
  }
};

Capabilities rich() { return Capabilities::parse("IMAP4rev1 LIST-EXTENDED LIST-STATUS QRESYNC"); }

std::string wire(request::List request, const Capabilities& capabilities) {
  std::string all;
  for (const Command& command : List(std::move(request), capabilities).commands({}))
    for (const Command::Piece& piece : command.pieces()) all += piece.text + "\n";
  return all;
}

}  // namespace

TEST_CASE("LIST commands") {
  CHECK(wire({.reference = "", .patterns = {""}}, rich()) == "LIST \"\" \"\"\n");
  CHECK(wire({.reference = "mail/", .patterns = {"*"}, .returnStatus = false}, rich()) ==
        "LIST mail/ * RETURN (SUBSCRIBED)\n");
  CHECK(
      wire({.reference = "", .patterns = {"a b", "c%"}, .selectionOptions = {"SUBSCRIBED", "RECURSIVEMATCH"}},
           rich()) ==
      "LIST (SUBSCRIBED RECURSIVEMATCH) \"\" (\"a b\" c%) RETURN (SUBSCRIBED STATUS (MESSAGES UIDVALIDITY "
      "UIDNEXT HIGHESTMODSEQ))\n");
}

TEST_CASE("LIST commands are those that the server has") {
  const request::List all{.reference = "", .patterns = {"*"}};
  const struct {
    const char* capabilities;
    const char* commands;
  } table[] = {
      {"IMAP4rev1", "LIST \"\" *\nLSUB \"\" *\n"},
      {"IMAP4rev1 LIST-STATUS", "LIST \"\" *\nLSUB \"\" *\n"},
      {"IMAP4rev1 LIST-EXTENDED", "LIST \"\" * RETURN (SUBSCRIBED)\n"},
      {"IMAP4rev1 LIST-EXTENDED SPECIAL-USE", "LIST \"\" * RETURN (SUBSCRIBED SPECIAL-USE)\n"},
      {"IMAP4rev2", "LIST \"\" * RETURN (SUBSCRIBED SPECIAL-USE STATUS (MESSAGES UIDVALIDITY UIDNEXT))\n"},
      {"IMAP4rev2 CONDSTORE",
       "LIST \"\" * RETURN (SUBSCRIBED SPECIAL-USE STATUS (MESSAGES UIDVALIDITY UIDNEXT HIGHESTMODSEQ))\n"},
  };
  for (const auto& row : table) CHECK(wire(all, Capabilities::parse(row.capabilities)) == row.commands);
  CHECK(wire({.reference = "x.", .patterns = {"a", "b"}}, Capabilities::parse("IMAP4rev1")) ==
        "LIST x. a\nLSUB x. a\nLIST x. b\nLSUB x. b\n");
  CHECK(wire({.reference = "", .patterns = {""}}, Capabilities::parse("IMAP4rev1")) == "LIST \"\" \"\"\n");
}

TEST_CASE("what a mailbox takes in a message: told of each, or of all") {
  const struct {
    const char *capabilities, *items, *told;
    std::optional<std::uint64_t> limit;
  } table[] = {
      {"", "", "", {}},
      {" APPENDLIMIT=7", "", "", 7},
      {" APPENDLIMIT", " APPENDLIMIT", " APPENDLIMIT 5", 5},
      {" APPENDLIMIT", " APPENDLIMIT", " APPENDLIMIT 0", 0},
      {" APPENDLIMIT", " APPENDLIMIT", " APPENDLIMIT NIL", {}},
      {" APPENDLIMIT", " APPENDLIMIT", "", {}},
  };
  for (const auto& row : table) {
    CAPTURE(row.capabilities);
    CAPTURE(row.told);
    Script script(account());
    script.ready(std::string(" LIST-EXTENDED LIST-STATUS") + row.capabilities);
    auto list = script.ask(request::List{"", {"*"}, {}, true});
    script.hear(
        std::string(
            "000002 LIST \"\" * RETURN (SUBSCRIBED STATUS (MESSAGES UIDVALIDITY UIDNEXT HIGHESTMODSEQ") +
        row.items + "))\r\n");
    script.say(std::string("* LIST () NIL x\r\n* STATUS x (MESSAGES 1") + row.told +
               " UIDNEXT 7)\r\n000002 OK\r\n");
    script.answer<answer::Listed>(list);
    auto told = script.answer<answer::Statuses>(list).entries;
    REQUIRE(told.size() == 1);
    CHECK(told.front().appendLimit == row.limit);
    CHECK(told.front().uidNext->value == 7);
    CHECK(script.done(list).ok());
  }
}

TEST_CASE("without LIST-EXTENDED subscriptions come by LSUB, and counters by STATUS") {
  Script script(account());
  script.plain();
  auto list = script.ask(request::List{"", {"*"}, {}, true});
  auto later = script.ask(request::Simple{request::Simple::Verb::noop});
  script.hear("000001 LIST \"\" *\r\n000002 LSUB \"\" *\r\n");
  script.say(
      "* LIST () \".\" INBOX\r\n* LIST (\\Noselect) \".\" a\r\n* LIST () \".\" a.b\r\n000001 OK\r\n"
      "* LSUB () \".\" inbox\r\n* LSUB (\\Noselect) \".\" a.b\r\n* LSUB () \".\" gone\r\n");
  SUBCASE("both are there") {
    script.say("000002 OK\r\n");
    script.hear(
        "000003 STATUS INBOX (MESSAGES UIDVALIDITY UIDNEXT)\r\n"
        "000004 STATUS a.b (MESSAGES UIDVALIDITY UIDNEXT)\r\n");
    script.say("* STATUS INBOX (MESSAGES 1 UIDNEXT 7 UIDVALIDITY 3)\r\n000003 OK\r\n000004 NO not now\r\n");
    auto listed = script.answer<answer::Listed>(list).entries;
    REQUIRE(listed.size() == 3);
    for (const answer::ListEntry& entry : listed) CHECK(entry.subscribed == (entry.mailbox.bytes == "INBOX"));
    auto counted = script.answer<answer::Statuses>(list).entries;
    REQUIRE(counted.size() == 1);
    CHECK(counted.front().uidNext->value == 7);
    CHECK(script.done(list).ok());
    script.hear("000005 NOOP\r\n");
    script.say("000005 OK\r\n");
    CHECK(script.done(later).ok());
  }
  SUBCASE("subscriptions are refused: they are unknown, and mailboxes are told all the same") {
    script.say("000002 NO Cannot unsubscribe\r\n");
    script.hear(
        "000003 STATUS INBOX (MESSAGES UIDVALIDITY UIDNEXT)\r\n"
        "000004 STATUS a.b (MESSAGES UIDVALIDITY UIDNEXT)\r\n");
    script.say("000003 NO not now\r\n000004 NO not now\r\n");
    auto listed = script.answer<answer::Listed>(list).entries;
    REQUIRE(listed.size() == 3);
    for (const answer::ListEntry& entry : listed) CHECK(entry.subscribed == (entry.mailbox.bytes == "INBOX"));
    answer::Done done = script.done(list);
    CHECK(done.ok());
    CHECK(done.code == answer::kSubscriptionsUnknown);
    CHECK(done.text == "LSUB: NO Cannot unsubscribe");
    script.hear("000005 NOOP\r\n");
    script.say("000005 OK\r\n");
  }
  SUBCASE("subscriptions are not told: nothing is taken for unsubscribed") {
    script.say("* LSUB (\r\n000002 OK\r\n");
    script.hear("000003 NOOP\r\n");
    script.say("000003 OK\r\n");
    CHECK(script.answer<answer::Listed>(list).entries.size() == 3);
    CHECK_FALSE(script.done(list).ok());
  }
}

TEST_CASE("without LIST-EXTENDED only what is subscribed is asked for: not without an answer to LSUB") {
  Script script(account());
  script.plain();
  auto list = script.ask(request::List{"", {"*"}, {"SUBSCRIBED"}, true});
  script.hear("000001 LIST \"\" *\r\n000002 LSUB \"\" *\r\n");
  script.say("* LIST () \".\" INBOX\r\n000001 OK\r\n000002 NO Cannot unsubscribe\r\n");
  CHECK(words(script.done(list)) == "NO LSUB: NO Cannot unsubscribe");
}

TEST_CASE("what was listed before the server said what it has is listed anew if it has less") {
  Script script(account());
  script.say("* OK [CAPABILITY IMAP4rev1] hello\r\n");
  auto enable = script.ask(request::Enable{});
  auto list = script.ask(request::List{"", {"*"}, {}, true});
  auto later = script.ask(request::Simple{request::Simple::Verb::noop});
  script.hear(
      "000000 LOGIN joe sekrit\r\n000001 ENABLE QRESYNC\r\n"
      "000002 LIST \"\" * RETURN (SUBSCRIBED SPECIAL-USE STATUS (MESSAGES UIDVALIDITY UIDNEXT "
      "HIGHESTMODSEQ))\r\n");
  auto say = [&](const std::string& capabilities, const std::string& answers) {
    script.say("000000 OK [CAPABILITY IMAP4rev1" + capabilities + "] in\r\n000001 BAD what\r\n" + answers);
    script.answer<answer::Ready>(enable);
    CHECK_FALSE(script.done(enable).ok());
  };
  SUBCASE("it has all") {
    say(" LIST-EXTENDED LIST-STATUS SPECIAL-USE CONDSTORE", "* LIST () NIL x\r\n000002 OK\r\n");
    script.hear("000003 NOOP\r\n");
  }
  SUBCASE("it has nothing") {
    SUBCASE("and refuses") { say("", "000002 BAD what\r\n"); }
    SUBCASE("and answers all the same") { say("", "* LIST () NIL y\r\n000002 OK\r\n"); }
    script.hear("000003 LIST \"\" *\r\n000004 LSUB \"\" *\r\n");
    script.say("* LIST () NIL x\r\n000003 OK\r\n000004 OK\r\n");
    script.hear("000005 STATUS x (MESSAGES UIDVALIDITY UIDNEXT)\r\n");
    script.say("000005 NO no\r\n");
    script.hear("000006 NOOP\r\n");
  }
  SUBCASE("it has a limit for each mailbox") {
    say(" LIST-EXTENDED LIST-STATUS SPECIAL-USE CONDSTORE APPENDLIMIT", "* LIST () NIL y\r\n000002 OK\r\n");
    script.hear(
        "000003 LIST \"\" * RETURN (SUBSCRIBED SPECIAL-USE STATUS (MESSAGES UIDVALIDITY UIDNEXT "
        "HIGHESTMODSEQ "
        "APPENDLIMIT))\r\n");
    script.say("* LIST () NIL x\r\n000003 OK\r\n");
    script.hear("000004 NOOP\r\n");
  }
  SUBCASE("it has no mod-sequences") {
    say(" LIST-EXTENDED LIST-STATUS", "000002 BAD what\r\n");
    script.hear("000003 LIST \"\" * RETURN (SUBSCRIBED STATUS (MESSAGES UIDVALIDITY UIDNEXT))\r\n");
    script.say("* LIST () NIL x\r\n000003 OK\r\n");
    script.hear("000004 NOOP\r\n");
  }
  SUBCASE("it refuses for another reason") {
    say(" LIST-EXTENDED LIST-STATUS SPECIAL-USE CONDSTORE", "000002 NO later\r\n");
    CHECK(script.done(list).text == "later");
    return;
  }
  CHECK(script.answer<answer::Listed>(list).entries.front().mailbox.bytes == "x");
  CHECK(script.done(list).ok());
  (void)later;
}

TEST_CASE("names of any length fit into packets, and their number is limited") {
  const Capabilities capabilities = rich();
  List list({.reference = "", .patterns = {"*"}}, capabilities);
  list.commands({});
  Counted counted;
  auto say = [&](std::size_t length) {
    Untagged response = ListResponse{{.mailbox = {std::string(length, 'x')}}};
    return list.take(response, counted);
  };
  for (int i = 0; i < 100; ++i) REQUIRE(say(limits::kLongestName));
  list.finish(counted);
  CHECK(counted.entries == 100);
  for (std::size_t i = 100; i < 2 * limits::kMostMailboxes; ++i) REQUIRE(say(1));
  CHECK_THROWS_AS(say(1), Failure);
}

TEST_CASE(
    "field 16: a LIST response that cannot be read makes its list an incomplete one, and nobody else's") {
  Script script(account());
  script.ready();
  auto list = script.ask(request::List{"", {"*"}, {}, false});
  auto fetch = script.ask(request::Simple{request::Simple::Verb::noop});
  script.hear("000002 LIST \"\" * RETURN (SUBSCRIBED)\r\n000003 NOOP\r\n");
  SUBCASE("a delimiter") { script.say("* LIST () \"\"\" b\r\n"); }
  SUBCASE("no name") { script.say("* LIST () \"/\"\r\n"); }
  SUBCASE("no attributes") { script.say("* LIST \"/\" b\r\n"); }
  script.say("* LIST () \"/\" INBOX\r\n000002 OK\r\n000003 OK\r\n");
  CHECK(script.answer<answer::Listed>(list).entries.size() == 1);
  CHECK(script.done(list).code == answer::kUnreadable);
  CHECK(script.done(fetch).ok());
}
