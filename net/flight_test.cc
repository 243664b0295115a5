// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Commands that go once more: after a rest, or by themselves.
#include "net/flight.h"

#include <doctest/doctest.h>

#include "net/script_test.h"

using namespace interimap;
using namespace std::chrono_literals;

namespace {

struct Refusing : Script {
  explicit Refusing(std::uint16_t pipeline = 256, std::uint32_t maxWait = 3600)
      : Script(settings(pipeline, maxWait), {}, {.slower = 1ms, .later = 1ms, .quota = 1ms}) {}
  static settings::Net settings(std::uint16_t pipeline, std::uint32_t maxWait) {
    settings::Net settings = account();
    settings.pipeline = pipeline;
    settings.maxWait = maxWait;
    return settings;
  }
  RequestId select(const char* name) { return ask(request::Select{{name}, false, {}}); }
  RequestId flags(const char* set) { return ask(request::Fetch{uids(set)}); }
  std::string messages(RequestId id) {
    std::string all;
    for (const answer::Message& message : answer<answer::Messages>(id).messages)
      all += std::to_string(message.uid.value()) + " ";
    return all;
  }
};

constexpr const char* kExchange = " BAD Request is throttled. Suggested Backoff Time: 5 milliseconds\r\n";

}  // namespace

TEST_CASE("a command that the server refuses for now goes once more, and sync hears nothing of it") {
  for (const char* words : {kExchange, " NO [UNAVAILABLE] later\r\n", " NO [LIMIT]\r\n",
                            " NO [OVERQUOTA] x\r\n", " NO [THROTTLED] x\r\n"}) {
    CAPTURE(words);
    Refusing script;
    script.ready();
    auto id = script.flags("1:9");
    script.hear("000002 UID FETCH 1:9 (MODSEQ FLAGS)\r\n");
    script.say(std::string("000002") + words);
    script.hear("000003 UID FETCH 1:9 (MODSEQ FLAGS)\r\n000004 NOOP\r\n");
    script.say("* 1 FETCH (UID 3 FLAGS ())\r\n000003 OK\r\n000004 OK\r\n");
    CHECK(script.messages(id) == "3 ");
    CHECK(script.done(id).ok());
    script.end();
    CHECK(script.logged().find("waiting, as the server asks") != std::string::npos);
  }
}

TEST_CASE("behind a SELECT that is refused for now nothing counts that was meant for its mailbox") {
  Refusing script;
  script.ready();
  auto first = script.select("a"), second = script.flags("1"), third = script.select("b"),
       fourth = script.flags("2");
  script.hear(
      "000002 SELECT a\r\n000003 UID FETCH 1 (MODSEQ FLAGS)\r\n"
      "000004 SELECT b\r\n000005 UID FETCH 2 (MODSEQ FLAGS)\r\n");
  // Of a mailbox that was selected before.
  script.say(std::string("000002") + kExchange + "* 1 FETCH (UID 1 FLAGS (\\Seen))\r\n000003 OK\r\n");
  script.say("* OK [UIDVALIDITY 2] b\r\n000004 OK\r\n* 1 FETCH (UID 2 FLAGS (\\Seen))\r\n000005 OK\r\n");
  script.hear("000006 SELECT a\r\n000007 NOOP\r\n000008 UID FETCH 1 (MODSEQ FLAGS)\r\n");
  script.say("* OK [UIDVALIDITY 1] a\r\n000006 OK\r\n000007 OK\r\n");
  CHECK(script.answer<answer::Selected>(first).uidValidity.value == 1);
  CHECK(script.done(first).ok());
  script.say("* 1 FETCH (UID 1 FLAGS (\\Flagged))\r\n000008 OK\r\n");
  auto message = script.answer<answer::Messages>(second).messages.at(0);
  CHECK(message.flags->text() == "\\Flagged");
  CHECK(script.done(second).ok());
  CHECK(script.answer<answer::Selected>(third).uidValidity.value == 2);
  CHECK(script.done(third).ok());
  CHECK(script.messages(fourth) == "2 ");
  CHECK(script.done(fourth).ok());
}

TEST_CASE("STORE and EXPUNGE go once more together") {
  Refusing script;
  script.ready();
  auto id = script.ask(request::Expunge{uids("7")});
  script.hear("000002 UID STORE 7 +FLAGS.SILENT (\\Deleted)\r\n000003 UID EXPUNGE 7\r\n");
  script.say(std::string("000002") + kExchange + "000003 OK nothing\r\n");
  script.hear("000004 UID STORE 7 +FLAGS.SILENT (\\Deleted)\r\n000005 NOOP\r\n000006 UID EXPUNGE 7\r\n");
  script.say("000004 OK\r\n000005 OK\r\n* VANISHED 7\r\n000006 OK\r\n");
  CHECK(script.answer<answer::Vanished>(id).uids.text() == "7");
  CHECK(script.done(id).ok());
}

TEST_CASE("EXPUNGE does not go once more, nor what it was to remove: others may have marked more by then") {
  Refusing script;
  script.ready();
  auto id = script.ask(request::Expunge{uids("7"), request::Expunge::Step::all});
  script.hear("000002 UID STORE 7 +FLAGS.SILENT (\\Deleted)\r\n000003 EXPUNGE\r\n");
  SUBCASE("the mark is refused") { script.say(std::string("000002") + kExchange + "000003 OK\r\n"); }
  SUBCASE("the removal is") { script.say("000002 OK\r\n000003 NO [UNAVAILABLE] x\r\n"); }
  CHECK_FALSE(script.done(id).ok());
  script.hearNothing();
}

TEST_CASE("a command about a mailbox goes once more when that is selected again") {
  Refusing script;
  script.ready();
  auto first = script.select("a"), second = script.flags("1"), third = script.select("b");
  script.hear("000002 SELECT a\r\n000003 UID FETCH 1 (MODSEQ FLAGS)\r\n000004 SELECT b\r\n");
  script.say(std::string("* OK [UIDVALIDITY 1] a\r\n000002 OK\r\n000003") + kExchange +
             "* OK [UIDVALIDITY 2] b\r\n000004 OK\r\n");
  script.answer<answer::Selected>(first);
  CHECK(script.done(first).ok());
  script.hear("000005 SELECT a\r\n");
  script.hearNothing();
  SUBCASE("and is the same") {
    script.say("* OK [UIDVALIDITY 1] a\r\n000005 OK\r\n");
    script.hear("000006 UID FETCH 1 (MODSEQ FLAGS)\r\n000007 NOOP\r\n");
    script.say("* 1 FETCH (UID 1 FLAGS ())\r\n000006 OK\r\n000007 OK\r\n");
    CHECK(script.messages(second) == "1 ");
    CHECK(script.done(second).ok());
    CHECK(script.answer<answer::Selected>(third).uidValidity.value == 2);
    CHECK(script.done(third).ok());
    script.flags("9");  // of b
    script.hear("000008 SELECT b\r\n");
  }
  SUBCASE("and cannot be selected any more: only what is about it comes to nothing") {
    script.say("000005 NO [NOPERM] not for you\r\n");
    CHECK(script.done(second).text == "[NOPERM] not for you");
    CHECK(script.answer<answer::Selected>(third).uidValidity.value == 2);
    CHECK(script.done(third).ok());
    script.hear("000006 NOOP\r\n");
    script.say("000006 OK\r\n");
    script.flags("9");
    script.hear("000007 SELECT b\r\n");
  }
  SUBCASE("and is another one: its UIDs mean other messages") {
    script.say("* OK [UIDVALIDITY 3] a\r\n");
    CHECK(script.failure().starts_with("UIDVALIDITY of a mailbox has changed"));
  }
}

TEST_CASE("what is asked about a mailbox that could not be selected is not sent") {
  Refusing script;
  script.ready();
  auto first = script.select("a");
  script.hear("000002 SELECT a\r\n");
  script.say("000002 NO [NOPERM] not for you\r\n");
  CHECK_FALSE(script.done(first).ok());
  auto second = script.flags("1"), third = script.ask(request::Expunge{uids("1")});
  CHECK(script.done(second).text == "[NOPERM] not for you");
  CHECK(script.done(third).text == "[NOPERM] not for you");
  script.hearNothing();
  script.select("b");
  script.hear("000003 SELECT b\r\n");
}

TEST_CASE("what alone is refused, again and again, is refused") {
  SUBCASE("others pass") {
    Refusing script;
    script.ready();
    auto first = script.flags("1");
    script.hear("000002 UID FETCH 1 (MODSEQ FLAGS)\r\n");
    script.say("000002 NO [UNAVAILABLE] no\r\n");
    script.hear("000003 UID FETCH 1 (MODSEQ FLAGS)\r\n000004 NOOP\r\n");
    script.say("000003 NO [UNAVAILABLE] no\r\n000004 OK\r\n");
    script.hear("000005 UID FETCH 1 (MODSEQ FLAGS)\r\n000006 NOOP\r\n");
    script.say("000005 NO [UNAVAILABLE] no\r\n000006 OK\r\n");
    CHECK(script.done(first).text == "[UNAVAILABLE] no");
    auto next = script.flags("2");
    script.hear("000007 UID FETCH 2 (MODSEQ FLAGS)\r\n");
    script.say("000007 OK\r\n");
    CHECK(script.done(next).ok());
  }
  SUBCASE("nothing passes: until all the waiting becomes too long") {
    Refusing script(256, 0);
    script.ready();
    script.flags("1");
    script.hear("000002 UID FETCH 1 (MODSEQ FLAGS)\r\n");
    script.say("000002 NO [UNAVAILABLE] no\r\n");
    CHECK(script.failure().starts_with("NO [UNAVAILABLE] no: the server is to be left alone until 2"));
    CHECK(script.status() == ExitStatus::tryAgain);
  }
}

TEST_CASE("APPEND does not go once more: that is for sync, which has the messages") {
  Refusing script;
  script.ready();
  BodyWriter bodies(Reading::once);
  bodies.expect(2);
  bodies.gather("ab");
  bodies.flush();
  request::Append append{{"a"}, false, {}};
  append.messages.push_back({{}, kDate, {0, 2}});
  auto id = script.ask(std::move(append), bodies.seal());
  script.hearLine();
  script.say(std::string("000002") + kExchange);
  CHECK_FALSE(script.answer<answer::Appended>(id).stored[0]);
  CHECK(script.done(id).code == answer::kNotNow);
}

TEST_CASE("a server that hangs up because it is asked too much") {
  for (const char* bye : {"* BYE Too many commands\r\n", "* BYE Session expired, please login again.\r\n"}) {
    Refusing script;
    script.ready();
    script.say(bye);
    script.hangUp();
    CHECK(script.failure().starts_with("server closed the connection: BYE "));
    CHECK(script.status() == ExitStatus::tryAgain);
  }
}

TEST_CASE("no more commands at a time than there may be") {
  Refusing script(2);
  script.ready();
  auto first = script.flags("1"), second = script.flags("2"), third = script.flags("3");
  script.hear("000002 UID FETCH 1 (MODSEQ FLAGS)\r\n000003 UID FETCH 2 (MODSEQ FLAGS)\r\n");
  script.hearNothing();
  script.say("000002 OK\r\n");
  CHECK(script.done(first).ok());
  script.hear("000004 UID FETCH 3 (MODSEQ FLAGS)\r\n");
  script.say("000003 OK\r\n000004 OK\r\n");
  CHECK(script.done(second).ok());
  CHECK(script.done(third).ok());
}

TEST_CASE("a server that does not bear a second command before the first is answered") {
  Refusing script;
  script.ready();
  auto first = script.select("a"), second = script.flags("1"), third = script.flags("2");
  script.hear(
      "000002 SELECT a\r\n000003 UID FETCH 1 (MODSEQ FLAGS)\r\n000004 UID FETCH 2 (MODSEQ FLAGS)\r\n");
  script.say("* OK [UIDVALIDITY 1] a\r\n000002 OK\r\n000003 BAD what?\r\n000004 BAD what?\r\n");
  script.answer<answer::Selected>(first);
  CHECK(script.done(first).ok());
  script.hear("000005 UID FETCH 1 (MODSEQ FLAGS)\r\n");
  script.hearNothing();
  SUBCASE("is not given one any more") {
    script.say("* 1 FETCH (UID 1 FLAGS ())\r\n000005 OK\r\n");
    CHECK(script.messages(second) == "1 ");
    CHECK(script.done(second).ok());
    script.hear("000006 UID FETCH 2 (MODSEQ FLAGS)\r\n");
    script.say("000006 OK\r\n");
    CHECK(script.done(third).ok());
    script.end();
    CHECK(script.logged().find("Set pipeline = 1") != std::string::npos);
  }
  SUBCASE("unless it was about the commands") {
    script.say("000005 BAD what?\r\n");
    CHECK_FALSE(script.done(second).ok());
    script.hear("000006 UID FETCH 2 (MODSEQ FLAGS)\r\n");
    script.say("000006 BAD what?\r\n");
    CHECK_FALSE(script.done(third).ok());
    script.flags("3");
    script.flags("4");
    script.hear("000007 UID FETCH 3 (MODSEQ FLAGS)\r\n000008 UID FETCH 4 (MODSEQ FLAGS)\r\n");
  }
}
