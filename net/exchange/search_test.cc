// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/exchange/search.h"

#include "net/script_test.h"
#include "net/wire/limits.h"

using namespace interimap;

namespace {

std::chrono::year_month_day day(int year, unsigned month, unsigned day) {
  return {std::chrono::year(year), std::chrono::month(month), std::chrono::day(day)};
}

std::string commandText(std::chrono::year_month_day before, const ExtensionSet& extensions) {
  auto commands = Search({uids("1:4,7"), before}).commands(extensions);
  REQUIRE(commands.size() == 1);
  return commands.front().pieces().front().text;
}

// A server that has the least a server may have, and a session that has logged in.
struct Plain : Script {
  explicit Plain(const std::string& more = "") : Script(plainAccount()) { plain(more); }
};

}  // namespace

TEST_CASE("SEARCH: the day as servers read it, ranges where the server can") {
  CHECK(commandText(day(1994, 2, 1), {}) == "UID SEARCH UID 1:4,7 BEFORE 01-Feb-1994");
  CHECK(commandText(day(2024, 12, 31), {Extension::esearch}) ==
        "UID SEARCH RETURN (ALL) UID 1:4,7 BEFORE 31-Dec-2024");
  CHECK(commandText(day(987, 9, 9), {}) == "UID SEARCH UID 1:4,7 BEFORE 09-Sep-0987");
}

TEST_CASE("SEARCH: only what was asked about is found") {
  Plain script;
  auto id = script.ask(request::Search{uids("1:9"), day(2020, 1, 31)});
  script.hear("000001 UID SEARCH UID 1:9 BEFORE 31-Jan-2020\r\n");
  SUBCASE("as RFC 3501 has it, in any order") {
    script.say("* SEARCH 3 1 12 2\r\n000001 OK\r\n");
    CHECK(script.answer<answer::Found>(id).uids.text() == "1:3");
  }
  SUBCASE("in several responses, and with a MODSEQ") {
    script.say("* SEARCH 1\r\n* SEARCH 5 4294967295 (MODSEQ 9)\r\n000001 OK\r\n");
    CHECK(script.answer<answer::Found>(id).uids.text() == "1");
    CHECK(script.answer<answer::Found>(id).uids.text() == "5");
  }
  SUBCASE("nothing") { script.say("* SEARCH\r\n* SEARCH 77\r\n000001 OK\r\n"); }
  SUBCASE("malformed") {
    script.say("* SEARCH 1 x\r\n* ESEARCH ALL 1:5\r\n000001 OK\r\n");
    CHECK(script.done(id).code == answer::kUnreadable);
    CHECK(script.logged() ==
          "ignoring a malformed SEARCH response: * SEARCH 1 x\n"
          "ignoring a malformed ESEARCH response: * ESEARCH ALL 1:5\n");
    return;
  }
  CHECK(script.done(id).ok());
}

TEST_CASE("SEARCH: ESEARCH names ranges, of any length") {
  Plain script(" ESEARCH");
  UidSet odd;
  for (std::uint32_t uid = 1; uid < 400000; uid += 2) odd.add(*Uid::of(uid));
  script.ask(request::Search{uids("1:300000"), day(2020, 2, 29)});
  script.hear("000001 UID SEARCH RETURN (ALL) UID 1:300000 BEFORE 29-Feb-2020\r\n");
  std::string before;
  SUBCASE("ranges") { before = "* ESEARCH (TAG \"000001\") UID ALL "; }
  SUBCASE("quite a few of them, in another order") { before = "* ESEARCH UID COUNT 7 ALL 300000,"; }
  std::thread server([&] { script.say(before + odd.text() + "\r\n000001 OK\r\n"); });
  UidSet found;
  Answer answer = script.answer();
  for (; std::holds_alternative<answer::Found>(answer.what); answer = script.answer())
    found.add(std::get<answer::Found>(answer.what).uids);
  server.join();
  CHECK(std::get<answer::Done>(answer.what).ok());
  UidSet expected = odd.intersect(uids("1:300000"));
  if (before.ends_with(',')) expected.add(*Uid::of(300000));
  CHECK(found == expected);
}

TEST_CASE("SEARCH: a server that refuses, a set that is too long for a line") {
  Plain script;
  UidSet many;
  for (std::uint32_t uid = 1; uid < 3000; uid += 2) many.add(*Uid::of(uid));
  auto pieces = many.pieces(limits::kLongestSet);
  REQUIRE(pieces.size() == 2);
  auto id = script.ask(request::Search{many, day(2020, 1, 1)});
  script.hear("000001 UID SEARCH UID " + pieces[0].text() + " BEFORE 01-Jan-2020\r\n000002 UID SEARCH UID " +
              pieces[1].text() + " BEFORE 01-Jan-2020\r\n");
  script.say("* SEARCH 1\r\n000001 OK\r\n000002 NO [SERVERBUG] no\r\n");
  CHECK(script.answer<answer::Found>(id).uids.text() == "1");
  CHECK(script.done(id).code == "SERVERBUG");
}

TEST_CASE("SEARCH: all that are there, and those that have flags") {
  auto text = [](const Flags& with) {
    return Search({uids("1:4"), {}, with}).commands({}).front().pieces().front().text;
  };
  CHECK(text({}) == "UID SEARCH UID 1:4");
  CHECK(text(*Flags::parse("\\Deleted")) == "UID SEARCH UID 1:4 DELETED");
  CHECK(text(*Flags::parse("$Junk \\Seen")) == "UID SEARCH UID 1:4 KEYWORD $Junk SEEN");
}

TEST_CASE("MESSAGELIMIT: what a server leaves out is asked for before anything else") {
  Plain script(" ESEARCH MESSAGELIMIT=2");
  auto search = script.ask(request::Search{uids("1:9")});
  auto fetch = script.ask(request::Fetch{uids("1:9"), request::Fetch::Items::flags, ModSeq{7}});
  script.hear("000001 UID SEARCH RETURN (ALL) UID 1:9\r\n");
  script.say("* ESEARCH (TAG \"000001\") UID ALL 7:8\r\n000001 OK [MESSAGELIMIT 2 7] cut\r\n");
  script.hear("000002 UID SEARCH RETURN (ALL) UID 1:6\r\n");
  script.say("* ESEARCH (TAG \"000002\") UID ALL 3\r\n000002 OK\r\n");
  CHECK(script.answer<answer::Found>(search).uids.text() == "7:8");
  CHECK(script.answer<answer::Found>(search).uids.text() == "3");
  CHECK(script.done(search).ok());
  script.hear("000003 UID FETCH 1:9 (FLAGS) (CHANGEDSINCE 7)\r\n");
  SUBCASE("on and on") {
    script.say("* 3 FETCH (UID 8 FLAGS (\\Seen))\r\n000003 OK [MESSAGELIMIT 2 8] cut\r\n");
    script.hear("000004 UID FETCH 1:7 (FLAGS) (CHANGEDSINCE 7)\r\n");
    script.say("* 1 FETCH (UID 3 FLAGS ())\r\n000004 OK\r\n");
    CHECK(script.answer<answer::Messages>(fetch).messages.size() == 2);
    CHECK(script.done(fetch).ok());
  }
  SUBCASE("in a circle, or without a place") {
    std::string code;
    SUBCASE("above all of them") { code = "MESSAGELIMIT 2 10"; }
    SUBCASE("none") { code = "MESSAGELIMIT 2"; }
    SUBCASE("no UID") { code = "MESSAGELIMIT 2 0"; }
    SUBCASE("no number") { code = "MESSAGELIMIT 2 x"; }
    script.say("000003 OK [" + code + "] cut\r\n");
    CHECK(script.done(fetch).code == answer::kUnreadable);
  }
}

TEST_CASE("MESSAGELIMIT: an answer that is cut unannounced is not complete") {
  Plain script;
  auto search = script.ask(request::Search{uids("1:9")});
  script.hear("000001 UID SEARCH UID 1:9\r\n");
  script.say("* SEARCH 7 8\r\n000001 OK [MESSAGELIMIT 2 7] cut\r\n");
  CHECK(script.answer<answer::Found>(search).uids.text() == "7:8");
  CHECK(script.done(search).code == answer::kUnreadable);
}
