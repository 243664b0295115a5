// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include <fcntl.h>

#include <cstdlib>
#include <ctime>

#include "ipc/hang_up.h"
#include "net/script_test.h"
#include "net/wire/limits.h"

using namespace interimap;

TEST_CASE("a window comes in one answer") {
  Script script(account());
  script.ready();
  auto id = script.ask(request::FetchBodies{uids("1:128")});
  script.hear("000002 UID FETCH 1:128 (FLAGS INTERNALDATE BODY.PEEK[])\r\n");
  std::string said;
  for (int uid = 1; uid <= 128; ++uid)
    said += "* 1 FETCH (UID " + std::to_string(uid) +
            " FLAGS (\\Seen \\Answered $Forwarded) INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" BODY[] "
            "{1}\r\nx)\r\n";
  script.say(said + "000002 OK done\r\n");
  CHECK(script.answer<answer::Window>(id).messages.size() == 128);
  CHECK(script.done(id).ok());
}

TEST_CASE("a window of bodies") {
  Script script(account());
  script.ready();
  auto id = script.ask(request::FetchBodies{uids("1:6")});
  script.hear("000002 UID FETCH 1:6 (FLAGS INTERNALDATE BODY.PEEK[])\r\n");
  std::string large(1001, 'x'),
      meta = "FLAGS (\\Seen) MODSEQ (7) INTERNALDATE \"17-Jul-1996 02:44:25 -0700\"";
  script.say("* 1 FETCH (UID 1 " + meta + " BODY[] {9}\r\nA: b\r\n\r\nc)\r\n");
  script.say("* 9 FETCH (UID 9 " + meta + " BODY[] {7}\r\nunasked)\r\n");
  script.say("* 1 FETCH (FLAGS (\\Seen) UID 1)\r\n");
  script.say("* 2 FETCH (BODY[] {1001}\r\n" + large + " UID 2)\r\n");
  script.say("* 3 FETCH (BODY[] {6}\r\nbroken UID 0)\r\n");
  script.say("* 3 FETCH (BODY[] {1}\r\nx UID 3 " + meta + ")\r\n");
  script.say("* 1 FETCH (UID 1 " + meta + " BODY[] {5}\r\nagain)\r\n");
  script.say("* 4 FETCH (UID 4 " + meta + " BODY[] NIL)\r\n");
  script.say("* 5 FETCH (UID 5 " + meta + " BODY[] \"quoted\")\r\n000002 OK done\r\n");
  auto window = script.answer<answer::Window>(id);
  REQUIRE(window.messages.size() == 4);
  CHECK(window.messages[0].uid.value() == 1);
  CHECK(window.messages[0].date == kDate);
  CHECK(script.body(window.messages[0].body) == "A: b\r\n\r\nc");
  CHECK(window.messages[1].uid.value() == 3);
  CHECK(script.body(window.messages[1].body) == "x");
  CHECK(window.messages[2].body.size == 0);
  CHECK(script.body(window.messages[3].body) == "quoted");
  REQUIRE(window.tooLarge.size() == 1);
  CHECK(window.tooLarge[0].value() == 2);
  MessageHeader header;
  header.add("A: b\n");
  CHECK(window.messages[0].header == header.digest());
  CHECK(script.done(id).ok());
  CHECK(script.logged().starts_with("ignoring a malformed FETCH response"));

  SUBCASE("two windows whose responses are mixed") {
    auto second = script.ask(request::FetchBodies{uids("1")});
    auto third = script.ask(request::FetchBodies{uids("2")});
    script.hear(
        "000003 UID FETCH 1 (FLAGS INTERNALDATE BODY.PEEK[])\r\n"
        "000004 UID FETCH 2 (FLAGS INTERNALDATE BODY.PEEK[])\r\n");
    SUBCASE("UID first") {
      script.say("* 2 FETCH (" + meta + " UID 2 BODY[] {3}\r\ntwo)\r\n* 1 FETCH (UID 1 BODY[] {3}\r\none " +
                 meta + ")\r\n000004 OK\r\n000003 OK\r\n");
      CHECK(script.body(script.answer<answer::Window>(second).messages.at(0).body) == "one");
      CHECK(script.done(second).ok());
      CHECK(script.body(script.answer<answer::Window>(third).messages.at(0).body) == "two");
      CHECK(script.done(third).ok());
    }
    SUBCASE("UID last") {
      script.say("* 2 FETCH (BODY[] {3}\r\ntwo UID 2 " + meta + ")\r\n");
      CHECK(script.failure().starts_with("server mixes the responses"));
    }
  }
  SUBCASE("a connection that ends in a literal loses nothing but itself") {
    script.ask(request::FetchBodies{uids("1")});
    script.hear("000003 UID FETCH 1 (FLAGS INTERNALDATE BODY.PEEK[])\r\n");
    script.say("* 1 FETCH (UID 1 BODY[] {100}\r\nabc");
    script.hangUp();
    CHECK(
        script.failure() ==
        "0 bytes read (got EOF): The server closed the connection while UID FETCH was to be answered, in the "
        "middle of a response");
  }
}

TEST_CASE("bodies that come in many pieces, of two windows by turns") {
  settings::Net settings = account();
  settings.maxMessageSize = 0;
  Script script(std::move(settings));
  script.ready();
  auto odd = script.ask(request::FetchBodies{uids("1,3")});
  auto even = script.ask(request::FetchBodies{uids("2,4")});
  script.hear(
      "000002 UID FETCH 1,3 (FLAGS INTERNALDATE BODY.PEEK[])\r\n"
      "000003 UID FETCH 2,4 (FLAGS INTERNALDATE BODY.PEEK[])\r\n");
  auto bodyOf = [](std::size_t uid) {
    std::string body;
    while (body.size() < 3 * limits::kReadBuffer) body += std::to_string(uid + body.size()) + "\r\n";
    return body;
  };
  for (std::size_t uid = 1; uid <= 4; ++uid) {
    std::string body = bodyOf(uid), number = std::to_string(uid);
    script.say("* " + number + " FETCH (UID " + number +
               " FLAGS () MODSEQ (7) INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" BODY[] {" +
               std::to_string(body.size()) + "}\r\n");
    for (std::size_t at = 0; at < body.size(); at += 50'000) script.say(body.substr(at, 50'000));
    script.say(")\r\n");
  }
  script.say("000003 OK\r\n000002 OK\r\n");
  auto first = script.answer<answer::Window>(odd);
  CHECK(script.body(first.messages.at(0).body) == bodyOf(1));
  CHECK(script.body(first.messages.at(1).body) == bodyOf(3));
  CHECK(script.done(odd).ok());
  auto second = script.answer<answer::Window>(even);
  CHECK(script.body(second.messages.at(0).body) == bodyOf(2));
  CHECK(script.body(second.messages.at(1).body) == bodyOf(4));
  CHECK(script.done(even).ok());
}

TEST_CASE("identities come with the digest of a header that is not kept") {
  Script script(account());
  script.ready();
  auto id = script.ask(request::Fetch{uids("1:2"), request::Fetch::Items::identity});
  script.hear("000002 UID FETCH 1:2 (MODSEQ FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER])\r\n");
  std::string header =
      "Message-ID: <x@y>\r\nX: " + std::string(2 * limits::kLongestLiteral, 'x') + "\r\n\r\n";
  script.say(
      "* 1 FETCH (UID 1 FLAGS () MODSEQ (3) INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" RFC822.SIZE 99 "
      "BODY[HEADER] {" +
      std::to_string(header.size()) + "}\r\n" + header +
      ")\r\n"
      "* 2 FETCH (UID 2 FLAGS (x))\r\n000002 OK\r\n");
  auto messages = script.answer<answer::Messages>(id).messages;
  REQUIRE(messages.size() == 1);
  MessageHeader expected;
  expected.add("Message-ID: <x@y>\n\n");
  REQUIRE(messages[0].header);
  CHECK(*messages[0].header == expected.digest());
  CHECK(messages[0].size == 99);
  CHECK(script.done(id).ok());
}

TEST_CASE("bodies are in a pipe if they are read once and fit, else in a memfd") {
  struct {
    std::size_t size;
    Reading reading;
    bool inPipe;
  } const table[] = {{3, Reading::once, true},
                     {3, Reading::again, false},
                     {1 << 20, Reading::once, true},
                     {(1 << 20) + 1, Reading::once, false},
                     {(1 << 20) + 1, Reading::again, false}};
  settings::Net settings = plainAccount();
  settings.maxMessageSize = 0;
  Script script(std::move(settings));
  script.plain();
  std::string meta = "FLAGS () INTERNALDATE \"17-Jul-1996 02:44:25 -0700\"", tag = "000000";
  for (const auto& row : table) {
    CAPTURE(row.size);
    auto id = script.ask(request::FetchBodies{uids("1"), false, row.reading});
    tag.back() = static_cast<char>('1' + (&row - table));
    script.hear(tag + " UID FETCH 1 (FLAGS INTERNALDATE BODY.PEEK[])\r\n");
    std::string text(row.size, 'x');
    script.say("* 1 FETCH (UID 1 " + meta + " BODY[] {" + std::to_string(row.size) + "}\r\n" + text +
               ")\r\n" + tag + " OK\r\n");
    Answer answer = script.answer();
    REQUIRE(answer.bodies);
    CHECK((fcntl(answer.bodies.get(), F_GET_SEALS) < 0) == row.inPipe);
    BodyRange range = std::get<answer::Window>(answer.what).messages.at(0).body;
    Bodies bodies(std::move(answer.bodies), std::span(&range, 1), row.reading);
    std::string read(row.size, '\0');
    for (std::size_t at = 0; at < row.size;) at += bodies.read(at, {read.data() + at, row.size - at});
    CHECK(read == text);
    CHECK(script.done(id).ok());
  }
}

TEST_CASE("field 13: a message whose INTERNALDATE is missing or impossible comes, dated as it is read") {
  for (const char* date : {"", " INTERNALDATE \"00-Jan-0000 00:00:00 +0000\"", " INTERNALDATE NIL",
                           " INTERNALDATE \"\"", " INTERNALDATE \"31-Feb-2024 10:00:00 +0000\"",
                           " INTERNALDATE {3}\r\nnow", " INTERNALDATE \"Tue, 1 Jan 2019 10:00:00 +0100\""}) {
    CAPTURE(date);
    Script script(account());
    script.ready();
    auto id = script.ask(request::FetchBodies{uids("1:2")});
    script.hear("000002 UID FETCH 1:2 (FLAGS INTERNALDATE BODY.PEEK[])\r\n");
    script.say("* 1 FETCH (UID 1 FLAGS (\\Seen)" + std::string(date) + " BODY[] {3}\r\none)\r\n");
    script.say(
        "* 2 FETCH (UID 2 FLAGS () INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" BODY[] {3}\r\ntwo)\r\n");
    script.say("000002 OK\r\n");
    auto window = script.answer<answer::Window>(id);
    REQUIRE(window.messages.size() == 2);
    CHECK(std::abs(window.messages[0].date.seconds() - std::time(nullptr)) < 60);
    CHECK(window.messages[0].flags.text() == "\\Seen");
    CHECK(window.messages[1].date == kDate);
    CHECK(script.done(id).ok());
  }
}

TEST_CASE("field 13: its identity has a date, too, the same each time") {
  Script script(account());
  script.ready();
  for (const char* tag : {"000002", "000003"}) {
    auto id = script.ask(request::Fetch{uids("1"), request::Fetch::Items::identity});
    script.hear(tag +
                std::string(" UID FETCH 1 (MODSEQ FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER])\r\n"));
    script.say(
        "* 1 FETCH (UID 1 FLAGS () INTERNALDATE \"00-Jan-0000 00:00:00 +0000\" RFC822.SIZE 9 "
        "BODY[HEADER] {6}\r\nA: b\r\n)\r\n");
    script.say(tag + std::string(" OK\r\n"));
    auto messages = script.answer<answer::Messages>(id).messages;
    REQUIRE(messages.size() == 1);
    CHECK(messages[0].date->seconds() == 0);
    CHECK(script.done(id).ok());
  }
}

TEST_CASE("field 12: a keyword that cannot be one costs itself, not its message, and is named once") {
  Script script(account());
  script.ready();
  auto id = script.ask(request::Fetch{uids("1:3"), request::Fetch::Items::flags});
  script.hear("000002 UID FETCH 1:3 (MODSEQ FLAGS)\r\n");
  script.say(
      "* 1 FETCH (UID 1 MODSEQ (3) FLAGS (\\Seen \x04Junk work))\r\n"
      "* 2 FETCH (UID 2 FLAGS (\x04Junk \"quoted\" a\\b))\r\n"
      "* 3 FETCH (UID 3 FLAGS (" +
      std::string(Flags::kLongestFlag + 1, 'x') + " \\Flagged))\r\n000002 OK\r\n");
  auto messages = script.answer<answer::Messages>(id).messages;
  REQUIRE(messages.size() == 3);
  CHECK(messages[0].flags->text() == "\\Seen work");
  CHECK(messages[1].flags->empty());
  CHECK(messages[2].flags->text() == "\\Flagged");
  CHECK(script.done(id).ok());
  std::string logged = script.logged();
  auto named = logged.find("Leaving out a keyword that cannot be one of UID 1");
  CHECK(named != std::string::npos);
  CHECK(logged.find("Junk", logged.find("Junk") + 1) == std::string::npos);
}

TEST_CASE("field 11: a server hangs up: what has come is told, and what was to be answered") {
  Script script(account());
  script.ready();
  auto bodies = script.ask(request::FetchBodies{.uids = uids("1:4")});
  auto other = script.ask(request::Fetch{uids("1:9"), request::Fetch::Items::flags});
  script.hear(
      "000002 UID FETCH 1:4 (FLAGS INTERNALDATE BODY.PEEK[])\r\n000003 UID FETCH 1:9 (MODSEQ FLAGS)\r\n");
  for (const char* uid : {"1", "2"})
    script.say(std::string("* 1 FETCH (UID ") + uid +
               " FLAGS () INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" BODY[] {3}\r\nabc)\r\n");
  script.say("* 3 FETCH (UID 3 FLAGS () BODY[] {30}\r\nonly a");
  script.hangUp();
  auto window = script.answer<answer::Window>(bodies);
  REQUIRE(window.messages.size() == 2);
  CHECK(script.body(window.messages[1].body) == "abc");
  answer::Done done = script.done(bodies);
  CHECK(done.code == answer::kHungUp);
  CHECK(done.text.find("closed the connection") != std::string::npos);
  CHECK(other > bodies);
  CHECK(script.failure().find("closed the connection") != std::string::npos);
}

TEST_CASE("field 12: an unreadable response puts only those in doubt whose turn it was") {
  Script script(account());
  script.ready();
  auto first = script.ask(request::Select{{"a"}, false, {}});
  auto ours = script.ask(request::Fetch{uids("1:9"), request::Fetch::Items::flags});
  auto same = script.ask(request::Fetch{uids("10:12"), request::Fetch::Items::flags});
  auto second = script.ask(request::Select{{"b"}, false, {}});
  auto theirs = script.ask(request::Fetch{uids("1:9"), request::Fetch::Items::flags});
  script.hear(
      "000002 SELECT a\r\n000003 UID FETCH 1:9 (MODSEQ FLAGS)\r\n"
      "000004 UID FETCH 10:12 (MODSEQ FLAGS)\r\n000005 SELECT b\r\n"
      "000006 UID FETCH 1:9 (MODSEQ FLAGS)\r\n");
  script.say("* OK [UIDVALIDITY 1]\r\n000002 OK\r\n* 1 FETCH (UID 3 FLAGS x)\r\n");
  script.say("000003 OK\r\n000004 OK\r\n* OK [UIDVALIDITY 1]\r\n000005 OK\r\n000006 OK\r\n");
  script.answer<answer::Selected>(first);
  CHECK(script.done(first).ok());
  CHECK(script.done(ours).code == answer::kUnreadable);
  CHECK(script.done(same).ok());  // not about its UIDs
  script.answer<answer::Selected>(second);
  CHECK(script.done(second).ok());
  CHECK(script.done(theirs).ok());
}

TEST_CASE("field 18: a line break inside a quoted string of an ENVELOPE") {
  for (std::string broken : {"a\r\n b", "a\nb", "\r\n", "a\r\n* 9 EXPUNGE\r\n000002 NO x\r\nb", "a {5}\r\nb",
                             "a \\\" b\r\n\\\"c"}) {
    CAPTURE(broken);
    Script script(account());
    script.ready();
    auto id = script.ask(request::FetchBodies{.uids = uids("1:2"), .envelope = true});
    script.hear("000002 UID FETCH 1:2 (FLAGS INTERNALDATE ENVELOPE BODY.PEEK[])\r\n");
    auto message = [](const std::string& uid, const std::string& subject, const std::string& mailbox) {
      return "* " + uid + " FETCH (UID " + uid +
             " FLAGS () INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" ENVELOPE (\"d\" \"" + subject +
             "\" ((NIL NIL \"x\" \"y\")) ((NIL NIL \"" + mailbox +
             "\" \"example.net\")) NIL NIL NIL NIL NIL NIL) BODY[] {3}\r\none)\r\n";
    };
    SUBCASE("the subject") { script.say(message("1", broken, "bob") + message("2", "s", "eve")); }
    SUBCASE("the sender") { script.say(message("1", "s", broken) + message("2", "s", "eve")); }
    script.say("000002 OK\r\n");
    auto window = script.answer<answer::Window>(id);
    REQUIRE(window.messages.size() == 2);
    std::string sender = window.messages[0].sender.text();
    CHECK((sender == "bob@example.net" || sender.empty()));
    CHECK(script.body(window.messages[0].body) == "one");
    CHECK(window.messages[1].sender.text() == "eve@example.net");
    CHECK(script.done(id).ok());
  }
}
