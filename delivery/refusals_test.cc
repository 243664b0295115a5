// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Messages and recipients that the server does not take.
#include "delivery/dialogue_test.h"

#include "ipc/failure.h"

using namespace interimap;
using namespace interimap::test;
using Bed = DialogueBed;

TEST_CASE("a refusal at each stage costs that message and no other") {
  struct {
    const char* mail;
    const char* rcpt;
    const char* data;
    const char* end;
    const char* outcome;
  } const table[] = {
      {"550 5.7.1 no", "", "", "", "refused mail 550"},
      {"451 later", "", "", "", "deferred mail 451"},
      {"503 nested", "", "", "", "deferred mail 503"},
      {"530 5.7.0 STARTTLS first", "", "", "", "deferred mail 530"},
      {"552 5.3.4 too large", "", "", "", "refused mail 552"},
      {"250 ok", "550 5.1.1 no", "", "", "refused rcpt 550"},
      {"250 ok", "450 4.2.1 later", "", "", "deferred rcpt 450"},
      {"250 ok", "250 ok", "554 no", "", "refused data 554"},
      {"250 ok", "250 ok", "451 later", "", "deferred data 451"},
      {"250 ok", "250 ok", "354 go", "554 5.6.0 no", "refused end 554"},
      {"250 ok", "250 ok", "354 go", "452 4.3.1 full", "deferred end 452"},
      {"250 ok", "250 ok", "354 go", "500 spam", "refused end 500"},
      {"250 ok", "250 ok", "354 go", "250 ok", "delivered end 250"},
  };
  for (const auto& row : table) {
    for (bool pipelining : {false, true}) {
      CAPTURE(row.outcome);
      CAPTURE(pipelining);
      Bed bed;
      bed.submit({"one", "two"});
      bed.greet(pipelining ? "PIPELINING" : "");
      std::string end = "\r\n", failed = "503 no\r\n", said = bed.speak();
      bool mailOk = row.rcpt[0], rcptOk = row.data[0], dataOk = row.end[0];
      if (pipelining) {
        CHECK(said == kMail + kRcpt + kData);
        said = bed.hear(row.mail + end + (mailOk ? row.rcpt + end : failed) +
                        (rcptOk ? row.data + end : failed));
      } else {
        CHECK(said == kMail);
        said = bed.hear(row.mail + end);
        if (mailOk) {
          CHECK(said == kRcpt);
          said = bed.hear(row.rcpt + end);
        }
        if (rcptOk) {
          CHECK(said == kData);
          said = bed.hear(row.data + end);
        }
      }
      std::string next = pipelining ? kMail + kRcpt + kData : kMail;
      if (dataOk) {
        CHECK(said == "one\r\n.\r\n" + (pipelining ? next : ""));
        said = bed.hear(row.end + end) + (pipelining ? next : "");
        CHECK(said == next);
      } else {
        CHECK(said == (pipelining ? "RSET\r\n" + next : "RSET\r\n"));
        CHECK(bed.hear(kOk) == (pipelining ? "" : next));
      }
      CHECK(bed.outcome(0) == row.outcome);
      // The other one goes through.
      if (pipelining) {
        CHECK(bed.hear(kOk + kOk + "354 go\r\n") == "two\r\n.\r\n");
      } else {
        CHECK(bed.hear(kOk) == kRcpt);
        CHECK(bed.hear(kOk) == kData);
        CHECK(bed.hear("354 go\r\n") == "two\r\n.\r\n");
      }
      CHECK(bed.hear(kOk) == "");
      CHECK(bed.outcome(1) == "delivered end 250");
      CHECK_FALSE(bed.dialogue.underWay());
    }
  }
}

TEST_CASE("some recipients are refused, the others get the message") {
  for (const char* keywords : {"", "PIPELINING", "PIPELINING,CHUNKING", "CHUNKING"}) {
    CAPTURE(keywords);
    Bed bed;
    bed.submit({"one"}, {"a", "b", "c"});
    bed.greet(keywords);
    bool chunking = std::string(keywords).find("CHUNKING") != std::string::npos;
    for (const char* reply : {"", "250 ok\r\n", "250 ok\r\n", "550 5.1.1 no\r\n", "450 later\r\n"}) {
      bed.dialogue.receive(reply);
      bed.speak();
    }
    if (!chunking) CHECK(bed.hear("354 go\r\n") == "one\r\n.\r\n");
    CHECK(bed.outcome(0) == "open");
    bed.hear(kOk);
    CHECK(bed.outcome(0) == "delivered end 250, refused rcpt 550, deferred rcpt 450");
    CHECK_FALSE(bed.dialogue.underWay());
  }
}

TEST_CASE("LMTP: a reply for each recipient that was accepted") {
  for (const char* keywords : {"", "PIPELINING", "PIPELINING,CHUNKING"}) {
    CAPTURE(keywords);
    Bed bed(Protocol::lmtp);
    bed.submit({"one", "two"}, {"a", "b", "c", "d"});
    bed.greet(keywords);
    for (const char* reply :
         {"", "250 ok\r\n", "250 ok\r\n", "550 no\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n"}) {
      bed.dialogue.receive(reply);
      bed.speak();
    }
    bed.hear(kOk);
    CHECK(bed.outcome(0) == "open");
    bed.hear("452 4.2.2 over quota\r\n");
    CHECK(bed.outcome(0) == "open");
    bed.hear("552 5.2.2 over quota\r\n");
    CHECK(bed.outcome(0) == "delivered end 250, refused rcpt 550, deferred end 452, refused end 552");
    CHECK(bed.dialogue.underWay());
    CHECK_THROWS_AS(bed.dialogue.end(), Failure);
  }
}

TEST_CASE("LMTP with one recipient uses BDAT") {
  Bed bed(Protocol::lmtp);
  bed.submit({"one", "two"}, {"a"});
  bed.greet("PIPELINING,CHUNKING");
  CHECK(bed.speak() == kMail + "RCPT TO:<a>\r\n");
  CHECK(bed.hear(kOk) == "BDAT 5 LAST\r\none\r\nRSET\r\n" + kMail + "RCPT TO:<a>\r\nBDAT 5 LAST\r\ntwo\r\n");
  bed.hear("550 no\r\n503 no recipient\r\n" + kOk + kOk + kOk + kOk);
  CHECK(bed.outcome(0) == "refused rcpt 550");
  CHECK(bed.outcome(1) == "delivered end 250");
}

TEST_CASE("354 although every recipient was refused") {
  Bed bed;
  bed.submit({"one", "two"});
  bed.greet("PIPELINING");
  bed.speak();
  CHECK(bed.hear(kOk + "550 no\r\n354 go\r\n") == "\r\n.\r\n" + kMail + kRcpt + kData);
  CHECK(bed.outcome(0) == "refused rcpt 550");
  CHECK(bed.hear("554 nobody\r\n" + kOk + kOk + "354 go\r\n") == "two\r\n.\r\n");
  bed.hear(kOk);
  CHECK(bed.outcome(1) == "delivered end 250");

  Bed lmtp(Protocol::lmtp);
  lmtp.submit({"one"});
  lmtp.greet("PIPELINING");
  lmtp.speak();
  CHECK_THROWS_AS(lmtp.hear(kOk + "550 no\r\n354 go\r\n"), Failure);
}
