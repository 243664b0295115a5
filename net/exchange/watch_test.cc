// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/exchange/watch.h"

#include "net/script_test.h"

using namespace interimap;
using namespace std::chrono_literals;

namespace {

const std::string kSet =
    "NOTIFY SET STATUS (selected-delayed (MessageNew MessageExpunge FlagChange)) "
    "(personal (MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange))\r\n";
const char* const kExamined =
    "* 3 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\n* OK [UIDNEXT 4] x\r\n* OK [HIGHESTMODSEQ ";

// A script of which the session is where an account is watched.
struct Watched : Script {
  explicit Watched(Deadlines deadlines = {}) : Script(account(), deadlines) {}

  RequestId watch(std::uint32_t seconds = 0) { return ask(request::Watch{{"INBOX"}, seconds}); }

  // With NOTIFY set, and the news of it told.
  void notified() {
    ready(" NOTIFY IDLE");
    auto id = watch();
    hear("000002 " + kSet);
    say("* STATUS INBOX (MESSAGES 3 UIDNEXT 4 UIDVALIDITY 1)\r\n000002 OK set\r\n");
    CHECK(done(id).ok());
  }
  // A Watch that examines INBOX, which has changed since the last one if `modSeq` has.
  RequestId examined(unsigned tag, unsigned modSeq) {
    auto id = watch();
    hear("00000" + std::to_string(tag) + " EXAMINE INBOX\r\n");
    say(kExamined + std::to_string(modSeq) + "]\r\n00000" + std::to_string(tag) + " OK [READ-ONLY]\r\n");
    return id;
  }
  // In IDLE, as 000004.
  RequestId idling(std::uint32_t seconds = 0) {
    ready(" IDLE");
    CHECK(done(examined(2, 7)).ok());
    auto id = watch(seconds);
    hear("000003 EXAMINE INBOX\r\n");
    say(std::string(kExamined) + "7]\r\n000003 OK [READ-ONLY]\r\n");
    hear("000004 IDLE\r\n");
    return id;
  }
};

}  // namespace

TEST_CASE_FIXTURE(Watched, "NOTIFY is set once; what changed before it is news") {
  notified();
  auto id = watch();
  hearNothing();
  say("* STATUS INBOX (HIGHESTMODSEQ 9)\r\n");
  CHECK(done(id).ok());
  hearNothing();
}

TEST_CASE_FIXTURE(Watched, "what is news, and what is not") {
  notified();
  const char* const kTells[] = {"* STATUS x (MESSAGES 1)",
                                "* LIST () \"/\" new",
                                "* LIST () \"/\" new (\"OLDNAME\" (\"old\"))",
                                "* LIST (\\NonExistent) \"/\" gone",
                                "* LIST (\"",
                                "* LSUB () \"/\" x",
                                "* 4 EXISTS",
                                "* 4 EXPUNGE",
                                "* VANISHED 7",
                                "* 1 FETCH (FLAGS ())",
                                "* OK [NOTIFICATIONOVERFLOW] too much"};
  for (const char* text : kTells) {
    CAPTURE(text);
    auto id = watch();
    say("* OK Still here\r\n* 3 RECENT\r\n* FLAGS (x)\r\n* CAPABILITY IMAP4rev1 NOTIFY\r\n* X y\r\n* NO "
        "hm\r\n");
    noAnswer();
    say(std::string(text) + "\r\n");
    CHECK(done(id).ok());
  }
}

TEST_CASE_FIXTURE(Watched, "news that comes between two Watches is kept, and told once") {
  notified();
  auto noop = ask(request::Simple{});
  hear("000003 NOOP\r\n");
  say("* 4 EXISTS\r\n000003 OK\r\n");
  CHECK(done(noop).ok());
  CHECK(done(watch()).ok());
  watch();
  noAnswer();
}

TEST_CASE_FIXTURE(Watched, "a List takes its own answers; notifications among them are news") {
  notified();
  auto list = ask(request::List{.reference = "", .patterns = {"*"}});
  hear("000003 LIST \"\" * RETURN (SUBSCRIBED STATUS (MESSAGES UIDVALIDITY UIDNEXT HIGHESTMODSEQ))\r\n");
  say("* LIST () \"/\" x (\"CHILDINFO\" (\"SUBSCRIBED\"))\r\n* STATUS x (MESSAGES 1 UIDVALIDITY 1)\r\n");
  bool news = true;
  SUBCASE("none") { news = false; }
  SUBCASE("a part of a STATUS") { say("* STATUS x (HIGHESTMODSEQ 3)\r\n"); }
  SUBCASE("a rename") { say("* LIST () \"/\" y (CHILDINFO (\"SUBSCRIBED\") OLDNAME (x))\r\n"); }
  say("000003 OK\r\n");
  CHECK(answer<answer::Listed>(list).entries.size() == 1);
  CHECK(answer<answer::Statuses>(list).entries.size() == 1);
  CHECK(done(list).ok());
  auto id = watch();
  if (news) {
    CHECK(done(id).ok());
  } else {
    noAnswer();
  }
}

TEST_CASE_FIXTURE(Watched, "the next request ends a Watch") {
  notified();
  auto id = watch();
  noAnswer();
  auto noop = ask(request::Simple{});
  CHECK(done(id).ok());
  hear("000003 NOOP\r\n");
  say("000003 OK\r\n");
  CHECK(done(noop).ok());
}

TEST_CASE_FIXTURE(Watched, "a request does not overtake the answer to NOTIFY") {
  ready(" NOTIFY");
  auto id = watch();
  hear("000002 " + kSet);
  ask(request::Simple{});
  hearNothing();
  say("000002 OK\r\n");
  CHECK(done(id).ok());
  hear("000003 NOOP\r\n");
}

TEST_CASE_FIXTURE(Watched, "NOTIFY that overflows at once is given up") {
  notified();
  say("* OK [NOTIFICATIONOVERFLOW] too much\r\n");
  CHECK(done(watch()).ok());
  watch();
  hear("000003 EXAMINE INBOX\r\n");
  CHECK(logged() == "server cannot keep up with NOTIFY; going on without\n");
}

TEST_CASE("NOTIFY that overflows after a while is set again") {
  News news{.notify = News::Notify::set,
            .notifySent = News::Clock::now() - std::chrono::seconds(limits::kNotifyHolds)};
  Log log = [](LogLevel, const std::string& text) { FAIL(text); };
  news.overflow(log);
  CHECK(news.any);
  Watch watch({{"INBOX"}, 0}, news, log);
  auto commands = watch.more({Extension::notify});
  REQUIRE(commands.size() == 2);
  CHECK(commands[0].pieces().front().text == "NOTIFY NONE");
  CHECK(commands[1].pieces().front().text + "\r\n" == kSet);
  news.any = false;
  watch.completed(0, {Condition::no, {}});
  CHECK_FALSE(news.any);
  watch.completed(1, {Condition::ok, {}});
  CHECK(news.any);
  CHECK(watch.more({Extension::notify}).empty());
}

TEST_CASE_FIXTURE(Watched, "NOTIFY refused: IDLE, and it is said once") {
  ready(" NOTIFY IDLE");
  auto id = watch();
  hear("000002 " + kSet);
  say("000002 NO [BADEVENT (MessageNew)] no\r\n");
  hear("000003 EXAMINE INBOX\r\n");
  say(std::string(kExamined) + "7]\r\n000003 OK [READ-ONLY]\r\n");
  CHECK(done(id).ok());
  id = examined(4, 7);
  hear("000005 IDLE\r\n");
  SUBCASE("which is refused as well: silence") {
    say("000005 BAD no\r\n");
    hearNothing();
    noAnswer();
    ask(request::Simple{});
    CHECK(done(id).ok());
    hear("000006 NOOP\r\n");
    CHECK(logged() ==
          "NOTIFY refused, going on without: NO [BADEVENT (MessageNew)] no\n"
          "IDLE refused, going on without: BAD no\n");
  }
  SUBCASE("which ends without DONE: it would again") {
    say("+ idling\r\n000005 OK\r\n");
    hearNothing();
    ask(request::Simple{});
    CHECK(done(id).ok());
    hear("000006 NOOP\r\n");
  }
  SUBCASE("accepted") {
    say("+ idling\r\n");
    hearNothing();
    say("* 4 EXISTS\r\n");
    hear("DONE\r\n");
    noAnswer();
    say("* 5 EXISTS\r\n000005 OK\r\n");
    CHECK(done(id).ok());
    CHECK(logged() == "NOTIFY refused, going on without: NO [BADEVENT (MessageNew)] no\n");
  }
}

TEST_CASE_FIXTURE(Watched, "IDLE: what changed since the last EXAMINE is news") {
  auto id = idling();
  say("+ idling\r\n");
  noAnswer();
  say("* 4 EXISTS\r\n");
  hear("DONE\r\n");
  say("000004 OK\r\n");
  CHECK(done(id).ok());
  SUBCASE("it changed once more") { CHECK(done(examined(5, 8)).ok()); }
  SUBCASE("it did not") {
    examined(5, 7);
    hear("000006 IDLE\r\n");
  }
  SUBCASE("the mailbox is selected now") {
    ask(request::Simple{request::Simple::Verb::unselect});
    hear("000005 UNSELECT\r\n");
  }
}

TEST_CASE_FIXTURE(Watched, "IDLE ends for the next request, whatever the server is at") {
  auto id = idling();
  SUBCASE("before its +") {
    ask(request::Simple{});
    hearNothing();
    say("+ idling\r\n");
  }
  SUBCASE("after it") {
    say("+ idling\r\n+ again\r\n");
    hearNothing();
    ask(request::Simple{});
  }
  hear("DONE\r\n");
  hearNothing();
  say("000004 OK\r\n");
  CHECK(done(id).ok());
  hear("000005 NOOP\r\n");
}

TEST_CASE_FIXTURE(Watched, "a server without either is left in peace") {
  ready();
  auto id = watch();
  hearNothing();
  noAnswer();
  auto noop = ask(request::Simple{});
  CHECK(done(id).ok());
  hear("000002 NOOP\r\n");
  say("000002 OK\r\n");
  CHECK(done(noop).ok());
}

TEST_CASE_FIXTURE(Watched, "a server without either: after a while it is time to look") {
  ready();
  auto id = watch(1);
  CHECK(done(id).ok());
  hearNothing();
}

TEST_CASE("one mailbox of a server that knows no QRESYNC: IDLE, whatever else it can") {
  Script script(plainAccount());
  auto ready = script.plain(" NOTIFY IDLE UIDPLUS");
  CHECK(ready.extensions.has(Extension::uidPlus));
  CHECK(ready.extensions.has(Extension::idle));
  auto select = script.ask(request::Select{{"INBOX"}, false, {}});
  script.hear("000001 SELECT INBOX\r\n");
  script.say("* 3 EXISTS\r\n* OK [UIDVALIDITY 1]\r\n* OK [UIDNEXT 4]\r\n000001 OK [READ-WRITE]\r\n");
  CHECK(script.answer<answer::Selected>(select).uidNext.value == 4);
  CHECK(script.done(select).ok());
  auto examine = [&](const std::string& tag, int exists) {
    auto id = script.ask(request::Watch{{"INBOX"}, 0, false});
    script.hear(tag + " EXAMINE INBOX\r\n");
    script.say("* " + std::to_string(exists) + " EXISTS\r\n* OK [UIDVALIDITY 1]\r\n" + tag + " OK\r\n");
    return id;
  };
  CHECK(script.done(examine("000002", 3)).ok());
  auto id = examine("000003", 3);
  script.hear("000004 IDLE\r\n");
  script.say("+ idling\r\n* 3 EXPUNGE\r\n");
  script.hear("DONE\r\n");
  script.say("000004 OK\r\n");
  CHECK(script.done(id).ok());
  CHECK(script.done(examine("000005", 2)).ok());
}

TEST_CASE("a silent server is asked for a sign of life, and given up when there is none") {
  Watched script({.command = 300ms});
  SUBCASE("NOTIFY: NOOP") {
    script.notified();
    script.watch(1);
    script.hear("000003 NOOP\r\n");
  }
  SUBCASE("IDLE: DONE, and IDLE again") {
    script.idling(1);
    script.say("+ idling\r\n");
    script.hear("DONE\r\n");
    script.say("000004 OK\r\n");
    script.hear("000005 IDLE\r\n");
  }
  SUBCASE("IDLE: no answer to DONE") {
    script.idling(1);
    script.say("+ idling\r\n");
    script.hear("DONE\r\n");
  }
  CHECK(script.failure().starts_with("no answer from the server for "));
  CHECK(script.status() == ExitStatus::unavailable);
}

TEST_CASE_FIXTURE(Watched, "the server goes away while it is watched") {
  notified();
  watch();
  SUBCASE("EOF") {
    hangUp();
    CHECK(failure().starts_with("0 bytes read (got EOF): The server closed the connection while n"));
  }
  SUBCASE("BYE") {
    say("* BYE shutting down\r\n");
    hangUp();
    CHECK(failure() == "server closed the connection: BYE shutting down");
  }
  CHECK(status() == ExitStatus::unavailable);
}

TEST_CASE_FIXTURE(Watched, "IDLE: a mailbox that cannot be selected is named once, and tried again") {
  ready(" IDLE");
  auto id = watch(1);
  hear("000002 EXAMINE INBOX\r\n");
  say("000002 NO [NOPERM] not for you\r\n");
  noAnswer();
  hear("000003 EXAMINE INBOX\r\n");  // a second later
  say("000003 NO [NOPERM] not for you\r\n");
  noAnswer();
  hear("000004 EXAMINE INBOX\r\n");
  say(std::string(kExamined) + "7]\r\n000004 OK [READ-ONLY]\r\n");
  CHECK(done(id).ok());
}
