// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include <fcntl.h>

#include "net/script_test.h"
#include "net/wire/limits.h"

using namespace interimap;

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
    CHECK(script.failure() == "0 bytes read (got EOF) in the middle of a response");
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
