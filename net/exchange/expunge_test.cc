// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/script_test.h"
#include "net/wire/limits.h"

using namespace interimap;

TEST_CASE("what an Expunge waits for is not taken from the mailbox before its own") {
  Script script(account());
  script.ready();
  auto select = script.ask(request::Select{{"a"}, false, {}});
  auto expunge = script.ask(request::Expunge{uids("4:6")});
  script.hear(
      "000002 SELECT a\r\n000003 UID STORE 4:6 +FLAGS.SILENT (\\Deleted)\r\n000004 UID EXPUNGE 4:6\r\n");
  script.say(
      "* VANISHED 4\r\n* OK [UIDVALIDITY 3]\r\n000002 OK\r\n000003 OK\r\n* VANISHED 5:9\r\n000004 OK\r\n");
  script.answer<answer::Selected>(select);
  CHECK(script.done(select).ok());
  CHECK(script.answer<answer::Vanished>(expunge).uids.text() == "5:6");
  CHECK(script.done(expunge).ok());
}

TEST_CASE("an EXPUNGE waits for a STORE before it, and only for that") {
  Script script(account());
  script.ready();
  script.ask(request::Store{uids("1"), request::Store::Change::add, *Flags::parse("new")});
  script.ask(request::Expunge{uids("4")});
  script.ask(request::Simple{});
  script.hear("000002 UID STORE 1 +FLAGS (new)\r\n");
  script.hearNothing();
  script.say("000002 OK\r\n");
  script.hear("000003 UID STORE 4 +FLAGS.SILENT (\\Deleted)\r\n000004 UID EXPUNGE 4\r\n000005 NOOP\r\n");
}

TEST_CASE("one half of an Expunge") {
  Script script(account());
  script.ready();
  auto mark = script.ask(request::Expunge{uids("4:6"), request::Expunge::Step::mark});
  script.ask(request::Select{{"b"}, false, {}});
  auto remove = script.ask(request::Expunge{uids("7"), request::Expunge::Step::remove});
  script.hear(
      "000002 UID STORE 4:6 +FLAGS.SILENT (\\Deleted)\r\n000003 SELECT b\r\n000004 UID EXPUNGE 7\r\n");
  script.say("000002 OK\r\n* OK [UIDVALIDITY 3]\r\n000003 OK\r\n* VANISHED 7\r\n000004 OK\r\n");
  CHECK(script.done(mark).ok());
  script.answer<answer::Selected>(mark + 1);
  CHECK(script.done(mark + 1).ok());
  CHECK(script.answer<answer::Vanished>(remove).uids.text() == "7");
  CHECK(script.done(remove).ok());
}

TEST_CASE("without UIDPLUS all that is marked is expunged") {
  Script script(account());
  script.ready();
  auto id = script.ask(request::Expunge{uids("4:6"), request::Expunge::Step::all});
  script.hear("000002 UID STORE 4:6 +FLAGS.SILENT (\\Deleted)\r\n000003 EXPUNGE\r\n");
  script.say("000002 OK\r\n* VANISHED 3:5\r\n* 3 EXPUNGE\r\n000003 OK\r\n");
  CHECK(script.answer<answer::Vanished>(id).uids.text() == "4:5");
  CHECK(script.done(id).ok());
  UidSet many;
  for (std::uint32_t uid = 1; uid < 3000; uid += 2) many.add(*Uid::of(uid));
  std::vector<UidSet> pieces = many.pieces(limits::kLongestSet);
  id = script.ask(request::Expunge{many, request::Expunge::Step::all});
  script.hear("000004 UID STORE " + pieces[0].text() + " +FLAGS.SILENT (\\Deleted)\r\n" +
              "000005 UID STORE " + pieces[1].text() + " +FLAGS.SILENT (\\Deleted)\r\n");
  script.say("000004 OK\r\n000005 OK\r\n");
  script.hear("000006 EXPUNGE\r\n");
  script.say("000006 OK\r\n");
  CHECK(script.done(id).ok());
}

TEST_CASE("EXPUNGE of more than a command may name waits for all its STOREs") {
  Script script(account());
  script.ready();
  UidSet many;
  for (std::uint32_t uid = 1; uid < 3000; uid += 2) many.add(*Uid::of(uid));
  std::vector<UidSet> pieces = many.pieces(limits::kLongestSet);
  REQUIRE(pieces.size() == 2);
  script.ask(request::Expunge{many});
  script.ask(request::Expunge{uids("4001")});
  script.hear("000002 UID STORE " + pieces[0].text() + " +FLAGS.SILENT (\\Deleted)\r\n" +
              "000003 UID STORE " + pieces[1].text() + " +FLAGS.SILENT (\\Deleted)\r\n");
  script.say("000002 OK\r\n");
  script.hearNothing();
  script.say("000003 OK\r\n");
  script.hear("000004 UID EXPUNGE " + pieces[0].text() + "\r\n000005 UID EXPUNGE " + pieces[1].text() +
              "\r\n");
  script.hearNothing();
  script.say("000004 OK\r\n000005 OK\r\n");
  script.hear("000006 UID STORE 4001 +FLAGS.SILENT (\\Deleted)\r\n000007 UID EXPUNGE 4001\r\n");
}

TEST_CASE("EXPUNGE of a server without QRESYNC names message numbers, and is no news of ours") {
  Script script(plainAccount());
  script.plain();
  auto first = script.ask(request::Watch{{"INBOX"}, 0});
  auto id = script.ask(request::Expunge{uids("4:6")});
  CHECK(script.done(first).ok());
  script.hear("000001 UID STORE 4:6 +FLAGS.SILENT (\\Deleted)\r\n000002 UID EXPUNGE 4:6\r\n");
  script.say("000001 OK\r\n* 4 EXPUNGE\r\n* 4 EXPUNGE\r\n000002 OK\r\n");
  CHECK(script.done(id).ok());
  script.ask(request::Watch{{"INBOX"}, 0});
  script.noAnswer();
  script.say("* 1 EXPUNGE\r\n");
  CHECK(script.answer().id == id + 1);
}

TEST_CASE("STORE names the difference, in sets of a length that servers take") {
  Script script(account());
  script.ready();
  UidSet many;
  for (std::uint32_t uid = 1; uid < 3000; uid += 2) many.add(*Uid::of(uid));
  auto id = script.ask(request::Store{many, request::Store::Change::remove, *Flags::parse("\\Seen work")});
  std::string expected, completions;
  unsigned tag = 2;
  for (const UidSet& piece : many.pieces(limits::kLongestSet)) {
    std::string number = std::to_string(tag++);
    number = std::string(6 - number.size(), '0') + number;
    expected += number + " UID STORE " + piece.text() + " -FLAGS (\\Seen work)\r\n";
    completions += number + (tag == 4 ? " NO [NOPERM] first\r\n" : " OK\r\n");
  }
  CHECK(tag > 3);
  script.hear(expected);
  script.say("* 1 FETCH (UID 1 FLAGS ())\r\n* 2 FETCH (UID 2 FLAGS ())\r\n" + completions);
  auto messages = script.answer<answer::Messages>(id).messages;
  REQUIRE(messages.size() == 1);
  CHECK(messages[0].modSeq.value == 0);
  auto done = script.done(id);
  CHECK(done.completion == answer::Done::Completion::no);
  CHECK(done.code == "NOPERM");
}
