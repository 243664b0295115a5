// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/script_test.h"

using namespace interimap;

namespace {

const std::string kMeta = "(\\Seen) \"17-Jul-1996 02:44:25 -0700\" ";

request::Append append(std::initializer_list<std::string_view> texts, bool together, Descriptor& bodies,
                       Reading reading = Reading::once) {
  request::Append request{{"INBOX"}, together, {}};
  BodyWriter writer(reading);
  for (auto text : texts) {
    request.messages.push_back({*Flags::parse("\\Seen"), kDate, {writer.size(), text.size()}});
    writer.write(text);
  }
  bodies = writer.seal();
  return request;
}

}  // namespace

TEST_CASE("APPEND") {
  Script script(account());
  Descriptor bodies;
  auto texts = {std::string_view("one"), std::string_view("two")};
  SUBCASE("together, LITERAL+") {
    script.ready(" MULTIAPPEND LITERAL+");
    auto request = append(texts, true, bodies);
    auto id = script.ask(std::move(request), std::move(bodies));
    script.hear("000002 APPEND INBOX " + kMeta + "{3+}\r\none " + kMeta + "{3+}\r\ntwo\r\n");
    script.say("000002 OK [APPENDUID 9 8:7]\r\n");
    auto appended = script.answer<answer::Appended>(id);
    CHECK(appended.uidValidity.value == 9);
    CHECK(appended.uids == std::vector<std::optional<Uid>>{Uid::of(7), Uid::of(8)});
    CHECK(script.done(id).ok());
  }
  SUBCASE("larger than APPENDLIMIT, among others: not sent") {
    script.ready(" MULTIAPPEND LITERAL+ APPENDLIMIT=3");
    auto request = append({"one", "four", "two"}, true, bodies);
    auto id = script.ask(std::move(request), std::move(bodies));
    script.hear("000002 APPEND INBOX " + kMeta + "{3+}\r\none " + kMeta + "{3+}\r\ntwo\r\n");
    script.say("000002 OK [APPENDUID 9 7:8]\r\n");
    auto appended = script.answer<answer::Appended>(id);
    CHECK(appended.uids == std::vector<std::optional<Uid>>{Uid::of(7), std::nullopt, Uid::of(8)});
    CHECK(appended.stored == std::vector<bool>{true, false, true});
    CHECK(script.done(id).code == "TOOBIG");
  }
  SUBCASE("larger than APPENDLIMIT, alone: nothing is sent") {
    script.ready(" LITERAL+ \"APPENDLIMIT=3\"");
    auto request = append({"four"}, false, bodies);
    auto id = script.ask(std::move(request), std::move(bodies));
    auto appended = script.answer<answer::Appended>(id);
    CHECK(appended.stored == std::vector<bool>{false});
    CHECK(appended.refusal.find("APPENDLIMIT") != std::string::npos);
    CHECK(script.done(id).code == "TOOBIG");
  }
  SUBCASE("larger than the limit of the mailbox") {
    const char* capability = "";
    SUBCASE("which is the only one") {}
    SUBCASE("which is below that of all") { capability = " APPENDLIMIT=9"; }
    script.ready(std::string(" LITERAL+") + capability);
    auto request = append({"four"}, false, bodies);
    request.limit = 3;
    auto id = script.ask(std::move(request), std::move(bodies));
    CHECK(script.answer<answer::Appended>(id).refusal ==
          "[TOOBIG] not sent: it has 4 octets, and the server takes 3 (APPENDLIMIT)");
    CHECK(script.done(id).code == "TOOBIG");
  }
  SUBCASE("LITERAL+ told by an untagged CAPABILITY after all") {
    script.ready();
    script.say("* CAPABILITY IMAP4rev1 LITERAL+\r\n");
    auto noop = script.ask(request::Simple{});
    script.hear("000002 NOOP\r\n");
    script.say("000002 OK\r\n");
    CHECK(script.done(noop).ok());
    auto request = append({"one"}, true, bodies);
    script.ask(std::move(request), std::move(bodies));
    script.hear("000003 APPEND INBOX " + kMeta + "{3+}\r\none\r\n");
  }
  SUBCASE("one each, synchronising: untagged data and a bare + in between, the first refused") {
    script.ready();
    auto request = append(texts, true, bodies);
    auto id = script.ask(std::move(request), std::move(bodies));
    auto noop = script.ask(request::Simple{});
    script.hear("000002 APPEND INBOX " + kMeta + "{3}\r\n");
    script.hearNothing();
    script.say("* 5 EXISTS\r\n000002 NO [OVERQUOTA] full\r\n");
    script.hear("000003 APPEND INBOX " + kMeta + "{3}\r\n");
    script.say("* 6 EXISTS\r\n+\r\n");
    script.hear("two\r\n000004 NOOP\r\n");
    script.say("000004 OK early\r\n000003 OK [APPENDUID 9 4] done\r\n");  // completed out of order
    auto appended = script.answer<answer::Appended>(id);
    CHECK(appended.uids == std::vector<std::optional<Uid>>{std::nullopt, Uid::of(4)});
    CHECK(appended.stored == std::vector<bool>{false, true});
    CHECK(appended.refusal == "[OVERQUOTA] full");
    auto done = script.done(id);
    CHECK(done.completion == answer::Done::Completion::no);
    CHECK(done.text == "[OVERQUOTA] full");
    CHECK(script.done(noop).text == "early");
  }
  SUBCASE("an APPENDUID of another count: stored, but where is unknown") {
    script.ready(" MULTIAPPEND LITERAL+");
    auto request = append(texts, true, bodies);
    auto id = script.ask(std::move(request), std::move(bodies));
    script.hear("000002 APPEND INBOX " + kMeta + "{3+}\r\none " + kMeta + "{3+}\r\ntwo\r\n");
    script.say("000002 OK [APPENDUID 9 8] hm\r\n");
    auto appended = script.answer<answer::Appended>(id);
    CHECK(appended.uids == std::vector<std::optional<Uid>>(2));
    CHECK(appended.stored == std::vector<bool>{true, true});
    CHECK(script.done(id).ok());
  }
  SUBCASE("no APPENDUID at all") {
    script.ready(" LITERAL-");
    auto request = append({"one"}, false, bodies);
    auto id = script.ask(std::move(request), std::move(bodies));
    script.hear("000002 APPEND INBOX " + kMeta + "{3+}\r\none\r\n");
    script.say("000002 OK\r\n");
    CHECK(script.answer<answer::Appended>(id).uids == std::vector<std::optional<Uid>>(1));
    CHECK(script.done(id).ok());
  }
  SUBCASE("BYE in the middle") {
    script.ready();
    auto request = append({"one"}, false, bodies);
    script.ask(std::move(request), std::move(bodies));
    script.hear("000002 APPEND INBOX " + kMeta + "{3}\r\n");
    script.say("* BYE [TOOBIG] no\r\n");
    script.hangUp();
    CHECK(script.failure() == "server closed the connection: BYE [TOOBIG] no");
    CHECK(script.status() == ExitStatus::unavailable);
  }
}

TEST_CASE("bodies that do not hold are a violation") {
  for (Reading reading : {Reading::again, Reading::once}) {
    Script script(account());
    script.ready(" LITERAL+");
    Descriptor bodies;
    auto request = append({"one"}, false, bodies, reading);
    request.messages[0].body.size = 4;
    script.ask(std::move(request), std::move(bodies));
    // What a pipe holds shows when it is read: the literal is never completed.
    CHECK(script.failure() ==
          (reading == Reading::again ? "a message outside its memory" : "message bodies that end early"));
    CHECK(script.status() == ExitStatus::internal);
  }
}
