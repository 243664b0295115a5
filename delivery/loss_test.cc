// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The connection is lost, or the server loses the thread.
#include "delivery/dialogue_test.h"

#include "ipc/failure.h"

using namespace interimap;
using namespace interimap::test;
using Bed = DialogueBed;

TEST_CASE("the connection is lost before and after the last octet") {
  // How many octets of the message's own (of 7: "one", CRLF, dot...) the kernel has taken.
  std::string body = "one\r\n.\r\n";
  for (std::size_t sent = 0; sent <= body.size(); ++sent) {
    CAPTURE(sent);
    Bed bed;
    bed.submit({"one", "two"});
    bed.greet("PIPELINING");
    bed.speak();
    bed.dialogue.receive(kOk + kOk + "354 go\r\n");
    REQUIRE(bed.dialogue.output().starts_with(body));
    bed.dialogue.written(sent);
    CHECK_THROWS_AS(bed.dialogue.end(), Failure);
    bed.dialogue.abandon("connection lost");
    CHECK(bed.outcome(0) == (sent == body.size() ? "unknown end 0" : "deferred end 0"));
    CHECK(bed.settled[0][0].text == "connection lost");
    CHECK(bed.outcome(1) == "open");
  }
}

TEST_CASE("the connection is lost with several messages in flight") {
  Bed bed;
  bed.submit({"one", "two", "three", "four"}, {"a", "b"});
  bed.greet("PIPELINING,CHUNKING");
  bed.speak();
  bed.dialogue.receive(kOk);
  std::string said(bed.dialogue.output());
  bed.dialogue.written(said.find("three") + 2);
  bed.dialogue.receive(kOk + "550 no\r\n" + kOk + kOk + kOk + "550 no\r\n");
  bed.dialogue.abandon("connection lost");
  CHECK(bed.outcome(0) == "delivered end 250, refused rcpt 550");
  CHECK(bed.outcome(1) == "refused rcpt 550, unknown end 0");  // the reply to the second RCPT has not come
  CHECK(bed.outcome(2) == "open");
  CHECK(bed.outcome(3) == "open");
}

TEST_CASE("the first message is to blame for a loss, unless the server had not looked at it") {
  struct {
    int before;         // messages that went well
    const char* reply;  // then
    const char* outcome;
  } const table[] = {
      {0, "", "deferred mail 0"},
      {0, "250 ok\r\n", "deferred rcpt 0"},
      {0, "421 bye\r\n", "deferred mail 421"},
      {1, "", "open"},
      {1, "250 ok\r\n", "deferred rcpt 0"},
      {1, "421 bye\r\n", "open"},
      {1, "250 ok\r\n421 4.7.0 bye\r\n", "deferred rcpt 421"},
  };
  for (const auto& row : table) {
    CAPTURE(row.before);
    CAPTURE(row.reply);
    Bed bed;
    bed.greet();
    for (int i = 0; i < row.before; ++i) {
      bed.submit({"x"});
      for (const char* reply : {"", "250 ok\r\n", "250 ok\r\n", "354 go\r\n", "250 ok\r\n"}) bed.hear(reply);
    }
    bed.submit({"one", "two"});
    bed.speak();
    std::string_view replies = row.reply;
    while (!replies.empty()) {
      std::string reply(replies.substr(0, replies.find('\n') + 1));
      replies.remove_prefix(reply.size());
      if (reply.starts_with("421"))
        CHECK_THROWS_AS(bed.hear(reply), Failure);
      else
        bed.hear(reply);
    }
    bed.dialogue.abandon("connection lost");
    std::uint32_t message = static_cast<std::uint32_t>(row.before);
    CHECK(bed.outcome(message) == row.outcome);
    CHECK(bed.outcome(message + 1) == "open");
  }
}

TEST_CASE("421") {
  SUBCASE("while nothing is under way: over, and no failure") {
    Bed bed;
    bed.greet();
    bed.hear("421 4.4.2 idle too long\r\n");
    CHECK(bed.dialogue.over());
    CHECK(bed.dialogue.farewell() == "421 4.4.2 idle too long");
  }
  SUBCASE("to the end of mail data: what is behind has not been looked at") {
    Bed bed;
    bed.submit({"one", "two", "three"});
    bed.greet("PIPELINING,CHUNKING");
    bed.speak();
    bed.hear(kOk);
    CHECK_THROWS_AS(bed.hear(kOk + "421 4.3.2 shutting down\r\n"), Failure);
    bed.dialogue.abandon("gone");
    CHECK(bed.outcome(0) == "deferred end 421");
    CHECK(bed.outcome(1) == "open");
    CHECK(bed.outcome(2) == "open");
  }
  SUBCASE("in the midst of LMTP's replies: those that did not come are in doubt") {
    Bed bed(Protocol::lmtp);
    bed.submit({"one"}, {"a", "b", "c", "d"});
    bed.greet("PIPELINING");
    bed.speak();
    bed.hear(kOk + kOk + kOk + "550 no\r\n" + kOk + "354 go\r\n");
    bed.hear(kOk);
    CHECK_THROWS_AS(bed.hear("421 bye\r\n"), Failure);
    CHECK(bed.outcome(0) == "delivered end 250, deferred end 421, refused rcpt 550, unknown end 421");
  }
}

TEST_CASE("a reply before the end of a message") {
  SUBCASE("DATA: the message is refused, and the connection of no more use") {
    Bed bed;
    bed.submit({std::string(200000, 'x'), "two"});
    bed.greet("PIPELINING");
    bed.speak();
    bed.dialogue.receive(kOk + kOk + "354 go\r\n");
    bed.dialogue.written(bed.dialogue.output().size());
    CHECK_THROWS_AS(bed.hear("552 5.3.4 too much\r\n"), Failure);
    bed.dialogue.abandon("gone");
    CHECK(bed.outcome(0) == "refused end 552");
    CHECK(bed.outcome(1) == "open");
  }
  SUBCASE("BDAT: the octets are counted, so it goes on") {
    Bed bed;
    bed.submit({std::string(200000, 'x'), "two"});
    bed.greet("CHUNKING");
    bed.speak();
    bed.hear(kOk);
    bed.dialogue.receive(kOk);
    bed.dialogue.written(bed.dialogue.output().size());
    bed.dialogue.receive("552 5.3.4 too much\r\n");
    CHECK(bed.outcome(0) == "refused end 552");
    std::string rest = bed.speak();
    CHECK(rest.ends_with("xx\r\nRSET\r\n"));
    CHECK(bed.hear(kOk) == kMail);
  }
  SUBCASE("a message cannot be accepted before it is there") {
    for (const char* keywords : {"", "CHUNKING"}) {
      Bed bed;
      bed.submit({std::string(200000, 'x')});
      bed.greet(keywords);
      bed.speak();
      bed.hear(kOk);
      if (*keywords == 0) bed.hear(kOk);
      bed.dialogue.receive(*keywords == 0 ? "354 go\r\n" : kOk);
      bed.dialogue.written(bed.dialogue.output().size());
      CHECK_THROWS_AS(bed.hear(kOk), Failure);
      bed.dialogue.abandon("gone");
      CHECK(bed.outcome(0).starts_with("deferred data"));
    }
  }
}

TEST_CASE("after a reply that makes no sense nothing is listened to") {
  for (const char* nonsense : {"what\r\n", "250-a\r\n550 b\r\n", "354 go\r\n"}) {
    CAPTURE(nonsense);
    Bed bed;
    bed.submit({"one"});
    bed.greet("PIPELINING,CHUNKING");
    bed.speak();
    CHECK_THROWS_AS(bed.hear(kOk + nonsense), Failure);
    bed.hear(kOk + kOk + kOk);
    CHECK(bed.settled.empty());
    bed.dialogue.abandon("gone");
    CHECK(bed.outcome(0) == "unknown end 0");
  }
  Bed bed;
  bed.greet();
  CHECK_THROWS_AS(bed.hear("250 what?\r\n"), Failure);
}
