// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/session.h"

#include "net/script_test.h"
#include "net/wire/limits.h"

using namespace interimap;
using namespace std::chrono_literals;

TEST_CASE("COMPRESS only when there is something to transfer") {
  settings::Net settings = account();
  settings.compress = settings::Compress::yes;
  Script script(std::move(settings));
  SUBCASE("refused is no harm") {
    script.ready(" COMPRESS=DEFLATE");
    script.ask(request::Simple{});
    script.ask(request::FetchBodies{uids("1")});
    script.ask(request::Simple{});
    script.hear("000002 NOOP\r\n000003 COMPRESS DEFLATE\r\n");
    script.hearNothing();
    script.say("000002 OK\r\n000003 NO [COMPRESSIONACTIVE] twice\r\n");
    script.hear("000004 UID FETCH 1 (FLAGS INTERNALDATE BODY.PEEK[])\r\n000005 NOOP\r\n");
  }
  SUBCASE("only another algorithm") {
    script.ready(" COMPRESS=LZ77");
    script.ask(request::FetchBodies{uids("1")});
    script.hear("000002 UID FETCH 1 (FLAGS INTERNALDATE BODY.PEEK[])\r\n");
    CHECK(script.logged().starts_with("Couldn't find a suitable compression algorithm."));
  }
}

TEST_CASE("COMPRESS by default only where it pays: far away, and for more than a few messages") {
  struct {
    std::chrono::microseconds nearby;  // all servers are far, or none is
    std::string uids;
    bool compresses;
  } table[] = {{0us, "1:16", true}, {0us, "1:15", false}, {1h, "1:16", false}};
  for (const auto& row : table) {
    CAPTURE(row.uids);
    settings::Net settings = account();
    settings.compress = settings::Compress::ifItPays;
    Script script(std::move(settings), Deadlines{.nearby = row.nearby});
    script.ready(" COMPRESS=DEFLATE");
    script.ask(request::FetchBodies{uids(row.uids)});
    script.hear(row.compresses ? "000002 COMPRESS DEFLATE\r\n" : "000002 UID FETCH " + row.uids + " ");
  }
}

TEST_CASE("a sync that does not read makes the server wait, and misses nothing") {
  constexpr unsigned kMessages = 100000;
  Script script(account());
  script.ready();
  auto id = script.ask(request::Fetch{uids("1:" + std::to_string(kMessages)), request::Fetch::Items::flags});
  script.hear("000002 UID FETCH 1:" + std::to_string(kMessages) + " (MODSEQ FLAGS)\r\n");
  std::thread server([&] {
    std::string text;
    for (unsigned uid = 1; uid <= kMessages; ++uid)
      text += "* 1 FETCH (UID " + std::to_string(uid) + " MODSEQ (5) FLAGS (\\Seen work))\r\n";
    script.say(text + "000002 OK\r\n");
  });
  std::this_thread::sleep_for(50ms);
  unsigned last = 0;
  bool ascending = true;
  while (last < kMessages)
    for (const auto& message : script.answer<answer::Messages>(id).messages)
      ascending &= message.uid.value() == ++last;
  CHECK(ascending);
  CHECK(script.done(id).ok());
  server.join();
}

TEST_CASE("limits on what a server may say in the wrong place") {
  Script script(account());
  script.ready();
  std::string listed;
  for (std::size_t i = 0; i < (limits::kMostHeldAnswers + 1) * kMostListed; ++i)
    listed += "* LIST () NIL x\r\n";
  SUBCASE("answers to a request whose turn has not come") {
    script.ask(request::Simple{});
    script.ask(request::List{.reference = "", .patterns = {"*"}, .returnStatus = false});
    script.hear("000002 NOOP\r\n000003 LIST \"\" * RETURN (SUBSCRIBED)\r\n");
    script.say(listed);
    CHECK(script.failure() == "server answers too much out of order");
  }
  SUBCASE("before CLOSED") {
    auto id = script.ask(request::Select{{"a"}, false, {}});
    script.hear("000002 SELECT a\r\n");
    script.say("000002 OK\r\n");
    script.answer<answer::Selected>(id);
    CHECK(script.done(id).ok());
    script.ask(request::Select{{"b"}, false, request::Known{{1}, {1}, uids("1"), 0, {}}});
    script.hear("000003 SELECT b (QRESYNC (1 1 1))\r\n");
    std::string flags;
    for (std::size_t i = 0; i <= limits::kMostHeld; ++i) flags += "* 1 FETCH (UID 1 FLAGS ())\r\n";
    script.say(flags);
    CHECK(script.failure().starts_with("server says too much before"));
  }
}

TEST_CASE("mailbox commands") {
  using Verb = request::Manage::Verb;
  Script script(account());
  script.ready();
  auto first = script.ask(request::Manage{Verb::create, {"a b"}, {}});
  script.ask(request::Manage{Verb::remove, {"a"}, {}});
  script.ask(request::Manage{Verb::rename, {"a"}, {"b\"c"}});
  script.ask(request::Manage{Verb::subscribe, {"a&-b"}, {}});
  auto last = script.ask(request::Manage{Verb::unsubscribe, {"a"}, {}});
  script.hear(
      "000002 CREATE \"a b\"\r\n000003 DELETE a\r\n000004 RENAME a \"b\\\"c\"\r\n000005 SUBSCRIBE a&-b\r\n"
      "000006 UNSUBSCRIBE a\r\n");
  script.say("000002 NO [ALREADYEXISTS] there\r\n000003 OK\r\n000004 OK\r\n000005 OK\r\n000006 OK\r\n");
  CHECK(script.done(first).code == "ALREADYEXISTS");
  for (auto id = first + 1; id <= last; ++id) CHECK(script.done(id).ok());
}

TEST_CASE("LOGOUT: the end of the connection is no failure") {
  Script script(account());
  script.ready();
  auto id = script.ask(request::Simple{request::Simple::Verb::logout});
  script.hear("000002 LOGOUT\r\n");
  script.say("* BYE see you\r\n000002 OK\r\n");
  script.hangUp();
  CHECK(script.done(id).ok());
  CHECK(script.end() == "peer gone");
}

TEST_CASE("the wire log and alerts") {
  settings::Net settings = account();
  settings.debug = 1;
  Script script(std::move(settings));
  script.ready();
  auto id = script.ask(request::List{.reference = "", .patterns = {"x"}, .returnStatus = false});
  script.hear("000002 LIST \"\" x RETURN (SUBSCRIBED)\r\n");
  script.say(
      "* OK [ALERT] disk full\r\n* OK [ALERT] disk full\r\n* LIST () \"/\" {1}\r\nx (y)\r\n000002 OK "
      "fine\r\n");
  script.answer<answer::Listed>(id);
  CHECK(script.done(id).ok());
  CHECK(script.logged() ==
        "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hello\n"
        "C: 000000 AUTHENTICATE PLAIN [REDACTED]\nS: 000000 OK\nC: 000001 ENABLE QRESYNC\nS: * ENABLED "
        "QRESYNC\n"
        "S: 000001 OK\nC: 000002 LIST \"\" x RETURN (SUBSCRIBED)\nS: * OK [ALERT] disk full\n[ALERT] disk "
        "full\n"
        "S: * OK [ALERT] disk full\nS: * LIST () \"/\" {1}\nS: [...] (y)\nS: 000002 OK fine\n");
}

TEST_CASE("a server that falls silent when it is its turn is given up") {
  constexpr Deadlines kShort{.greeting = 200ms, .command = 300ms};
  Script script(account(), kShort);
  SUBCASE("before its greeting") {
    script.say("* OK hel");
    CHECK(script.failure().starts_with("no greeting from the server for "));
  }
  SUBCASE("or says that octet by octet") {
    script.say("* OK ");
    script.dribble("l");
    CHECK(script.failure().starts_with("no greeting from the server for "));
  }
  SUBCASE("or dribbles, so that no answer is ever complete") {
    script.ready();
    script.ask(request::Simple{});
    SUBCASE("a line") { script.say("* OK "); }
    SUBCASE("a response to be left out") {
      script.say("* 1 FETCH (X " + std::string(limits::kLongestResponse, 'x'));
    }
    SUBCASE("a body") { script.say("* 1 FETCH (UID 1 BODY[] {4294967295}\r\n"); }
    script.dribble("l");
    CHECK(script.failure().starts_with("no answer from the server for "));
  }
  SUBCASE("during the login") {
    script.say("* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hello\r\n");
    CHECK(script.failure().starts_with("no answer from the server for "));
  }
  SUBCASE("with a command in hand") {
    script.ready();
    script.ask(request::Simple{});
    CHECK(script.failure().starts_with("no answer from the server for "));
  }
  CHECK(script.status() == ExitStatus::unavailable);
}

TEST_CASE("deadlines mean lack of progress, and do not run when nothing is expected") {
  constexpr Deadlines kShort{.greeting = 1s, .command = 1s};
  Script script(account(), kShort);
  script.ready();
  std::this_thread::sleep_for(1200ms);
  auto id = script.ask(request::Simple{});
  script.hear("000002 NOOP\r\n");
  for (int i = 0; i < 4; ++i) {
    std::this_thread::sleep_for(300ms);
    script.say("* OK still at it\r\n");
  }
  script.say("000002 OK\r\n");
  CHECK(script.done(id).ok());
}

TEST_CASE("a body that comes slowly is progress, response or not") {
  constexpr Deadlines kShort{.greeting = 1s, .command = 1s};
  settings::Net generous = account();
  generous.maxMessageSize = 0;
  Script script(std::move(generous), kShort);
  script.ready();
  auto id = script.ask(request::FetchBodies{.uids = uids("1")});
  script.hear("000002 UID FETCH 1 (FLAGS INTERNALDATE BODY.PEEK[])\r\n");
  script.say("* 1 FETCH (UID 1 MODSEQ (5) FLAGS () INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" BODY[] {" +
             std::to_string(4 * limits::kProgress) + "}\r\n");
  for (int i = 0; i < 4; ++i) {
    std::this_thread::sleep_for(400ms);
    script.say(std::string(limits::kProgress, 'x'));
  }
  script.say(")\r\n000002 OK\r\n");
  CHECK(script.answer<answer::Window>(id).messages.size() == 1);
  CHECK(script.done(id).ok());
}

TEST_CASE("responses that nobody asked for have an end") {
  Script script(account());
  script.ready();
  script.ask(request::Simple{});
  script.hear("000002 NOOP\r\n");
  std::string noise;
  for (int i = 0; i < 5000; ++i) noise += "* 1 X\r\n";
  script.flood(noise);
  CHECK(script.failure().find("responses that nobody asked for") != std::string::npos);
  CHECK(script.status() == ExitStatus::protocol);
}
