// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What is said when, and how long the answer may take.
#include "delivery/dialogue_test.h"

#include "delivery/deadlines.h"
#include "delivery/limits.h"

using namespace interimap;
using namespace interimap::test;
using Bed = DialogueBed;

TEST_CASE("without PIPELINING one command follows the other") {
  Bed bed;
  bed.submit({"one", "two\n.\n"});
  bed.greet("8BITMIME");
  for (const char* body : {"one\r\n.\r\n", "two\r\n..\r\n.\r\n"}) {
    CHECK(bed.speak() == (body[0] == 'o' ? kMail : ""));
    CHECK(bed.hear(kOk) == kRcpt);
    CHECK(bed.hear("251 ok, forwarded\r\n") == kData);
    CHECK(bed.hear("354 go\r\n") == body);
    CHECK(bed.hear("250 2.0.0 queued\r\n") == (body[0] == 'o' ? kMail : ""));
  }
  CHECK(bed.outcome(0) == "delivered end 250");
  CHECK(bed.settled[0][0].text == "queued");
  CHECK(bed.settled[0][0].status == EnhancedStatus{2, 0, 0});
  CHECK(bed.outcome(1) == "delivered end 250");
  CHECK_FALSE(bed.dialogue.underWay());
  bed.dialogue.quit();
  CHECK(bed.speak() == "QUIT\r\n");
  CHECK_FALSE(bed.dialogue.over());
  bed.hear("221 bye\r\n");
  CHECK(bed.dialogue.over());
}

TEST_CASE("with PIPELINING a body and the next envelope are one write") {
  Bed bed;
  bed.submit({"one", "two", "three"});
  bed.greet("PIPELINING");
  CHECK(bed.speak() == kMail + kRcpt + kData);
  CHECK(bed.hear(kOk) == "");
  CHECK(bed.hear(kOk + "354 go\r\n") == "one\r\n.\r\n" + kMail + kRcpt + kData);
  CHECK(bed.hear(kOk) == "");
  CHECK(bed.outcome(0) == "delivered end 250");
  CHECK(bed.hear(kOk + kOk + "354 go\r\n") == "two\r\n.\r\n" + kMail + kRcpt + kData);
  CHECK(bed.hear(kOk + kOk + kOk + "354 go\r\n") == "three\r\n.\r\n");
  CHECK(bed.hear(kOk) == "");
  CHECK(bed.settled.size() == 3);
  CHECK_FALSE(bed.dialogue.underWay());
}

TEST_CASE("with CHUNKING and PIPELINING nothing is waited for") {
  Bed bed;
  bed.submit({"one\n.\n", "", "x\ry"});
  bed.greet("PIPELINING,CHUNKING");
  CHECK(bed.speak() == kMail + kRcpt);
  CHECK(bed.hear(kOk + kOk) == "BDAT 8 LAST\r\none\r\n.\r\nRSET\r\n" + kMail + kRcpt +
                                   "BDAT 2 LAST\r\n\r\nRSET\r\n" + kMail + kRcpt +
                                   "BDAT 6 LAST\r\nx\r\ny\r\n");
  CHECK(bed.settled.empty());
  bed.hear(kOk + kOk + kOk + kOk + "554 5.6.0 bad\r\n");
  CHECK(bed.outcome(0) == "delivered end 250");
  CHECK(bed.outcome(1) == "refused end 554");
  bed.hear(kOk + kOk + kOk + kOk);
  CHECK(bed.outcome(2) == "delivered end 250");
  CHECK_FALSE(bed.dialogue.underWay());
  bed.submit({"four"});
  CHECK(bed.speak() == kMail + kRcpt + "BDAT 6 LAST\r\nfour\r\n");
}

TEST_CASE("BDAT: a large body waits for its envelope, and there are not too many in flight") {
  Bed bed;
  std::string large(limits::kUnaskedBody, 'x');
  bed.submit({large});
  bed.greet("PIPELINING,CHUNKING");
  CHECK(bed.speak() == kMail + kRcpt);
  CHECK(bed.hear(kOk) == "");
  CHECK(bed.hear("550 no\r\n") == "");
  CHECK(bed.outcome(0) == "refused rcpt 550");
  bed.submit({large});
  CHECK(bed.speak() == "RSET\r\n" + kMail + kRcpt);
  CHECK(bed.hear(kOk + kOk + kOk).size() == large.size() + 2 + std::string("BDAT 131074 LAST\r\n").size());
  bed.hear(kOk);
  CHECK(bed.outcome(1) == "delivered end 250");

  bed.submit(std::vector<std::string>(limits::kMostInFlight + 5, "x"));
  std::string said = bed.speak();
  auto count = [&](std::string_view what) {
    std::size_t n = 0;
    for (std::size_t at = 0; (at = said.find(what, at)) != std::string::npos; ++at) ++n;
    return n;
  };
  CHECK(count("BDAT") == limits::kMostInFlight);
  said = bed.hear(kOk + kOk + kOk + kOk + kOk + kOk + kOk);
  CHECK(count("BDAT") == 2);
}

TEST_CASE("BDAT is not for a server that wants a login first and would take the body for commands") {
  Bed bed;
  bed.submit({"RCPT TO:<eve@example>", "two"});
  bed.greet("PIPELINING,CHUNKING");
  CHECK(bed.speak() == kMail + kRcpt);
  CHECK(bed.hear("530 5.7.0 Authentication required.\r\n530 5.7.0 Authentication required.\r\n") ==
        "RSET\r\n" + kMail + kRcpt);
  CHECK(bed.outcome(0) == "deferred mail 530");
}

TEST_CASE("CHUNKING without PIPELINING") {
  Bed bed;
  bed.submit({"one", "two"});
  bed.greet("CHUNKING");
  CHECK(bed.speak() == kMail);
  CHECK(bed.hear(kOk) == kRcpt);
  CHECK(bed.hear(kOk) == "BDAT 5 LAST\r\none\r\n");
  CHECK(bed.hear(kOk) == kMail);
  CHECK(bed.hear(kOk) == kRcpt);
  CHECK(bed.hear(kOk) == "BDAT 5 LAST\r\ntwo\r\n");
  CHECK(bed.hear("450 no\r\n") == "");
  CHECK(bed.outcome(1) == "deferred end 450");
}

TEST_CASE("the parameters of MAIL") {
  struct {
    const char* keywords;
    const char* sender;
    const char* recipient;
    const char* body;
    const char* mail;
  } const table[] = {
      {"", "", "b@x", "abc", "MAIL FROM:<>\r\n"},
      {"SIZE", "a@x", "b@x", "abc\n.", "MAIL FROM:<a@x> SIZE=8\r\n"},
      {"8BITMIME", "a@x", "b@x", "abc", "MAIL FROM:<a@x>\r\n"},
      {"8BITMIME", "a@x", "b@x", "\xc3\xa4", "MAIL FROM:<a@x> BODY=8BITMIME\r\n"},
      {"", "a@x", "b@x", "\xc3\xa4", "MAIL FROM:<a@x>\r\n"},
      {"SMTPUTF8", "a@x", "b@x", "abc", "MAIL FROM:<a@x>\r\n"},
      {"SMTPUTF8", "\xc3\xa4@x", "b@x", "abc", "MAIL FROM:<\xc3\xa4@x> SMTPUTF8\r\n"},
      {"SMTPUTF8,8BITMIME,SIZE 100", "a@x", "\xc3\xa4@x", "\xff",
       "MAIL FROM:<a@x> SIZE=3 BODY=8BITMIME SMTPUTF8\r\n"},
      {"8BITMIME", "\xc3\xa4@x", "b@x", "abc", "MAIL FROM:<>\r\n"},
  };
  for (const auto& row : table) {
    CAPTURE(row.mail);
    Bed bed;
    bed.submit({row.body}, {row.recipient}, row.sender);
    bed.greet(row.keywords);
    CHECK(bed.speak() == row.mail);
  }
}

TEST_CASE("what the server has said it cannot take is not tried") {
  Bed bed;
  bed.submit({"12345678", "123456789", "x"});
  bed.submit({"x"}, {"\xc3\xa4@x"});
  bed.submit({"x"}, {"\xc3\xa4@x", "b"});
  bed.greet("PIPELINING,SIZE 10");
  CHECK(bed.speak() == "MAIL FROM:<alice@example> SIZE=10\r\n" + kRcpt + kData);
  CHECK(bed.hear(kOk + kOk + "354 go\r\n") ==
        "12345678\r\n.\r\nMAIL FROM:<alice@example> SIZE=3\r\n" + kRcpt + kData);
  CHECK(bed.outcome(1) == "refused mail 0");
  CHECK(bed.settled[1][0].status == EnhancedStatus{5, 3, 4});
  CHECK(bed.hear(kOk + kOk + kOk + "354 go\r\n") ==
        "x\r\n.\r\nMAIL FROM:<alice@example> SIZE=3\r\nRCPT TO:<b>\r\nDATA\r\n");
  CHECK(bed.outcome(3) == "deferred rcpt 0");
  CHECK(bed.hear(kOk + kOk + kOk + "354 go\r\n") == "x\r\n.\r\n");
  bed.hear(kOk);
  CHECK(bed.outcome(4) == "deferred rcpt 0, delivered end 250");
  CHECK_FALSE(bed.dialogue.underWay());
}

TEST_CASE("hold: what is under way is finished, nothing is begun") {
  Bed bed;
  bed.submit({"one", "two", "three"});
  bed.greet("PIPELINING");
  bed.speak();
  bed.dialogue.hold();
  bed.dialogue.quit();
  CHECK(bed.hear(kOk + kOk + "354 go\r\n") == "one\r\n.\r\n");
  CHECK(bed.hear(kOk) == "QUIT\r\n");
  bed.dialogue.end();
  CHECK(bed.dialogue.over());
  CHECK(bed.settled.size() == 1);
}

TEST_CASE("how long a server may take") {
  Bed bed;
  using namespace deadlines;
  auto patience = [&] { return bed.dialogue.patience().value_or(std::chrono::milliseconds(0)); };
  CHECK(patience() == kGreeting);
  bed.hear("220 hi\r\n");
  CHECK(patience() == kCommand);
  CHECK(bed.dialogue.awaited() == "its reply to EHLO");
  bed.hear("250 mx\r\n");
  CHECK(patience().count() == 0);
  bed.submit({"one"});
  CHECK_FALSE(bed.dialogue.output().empty());
  CHECK(patience() == kDataBlock);
  bed.speak();
  CHECK(patience() == kCommand);
  bed.hear(kOk);
  CHECK(patience() == kCommand);
  bed.hear(kOk);
  CHECK(patience() == kDataInitiation);
  bed.hear("354 go\r\n");
  CHECK(patience() == kDataTermination);
  bed.hear(kOk);
  bed.dialogue.quit();
  bed.speak();
  CHECK(patience() == kQuit);
}
