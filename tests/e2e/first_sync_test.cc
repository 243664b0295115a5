// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Acceptance scenario 70: what a first run copies.
#include <sys/stat.h>

#include <algorithm>
#include <sstream>

#include "tests/e2e/bed.h"
#include "tests/e2e/oracle.h"

using namespace interimap::bed;

TEST_CASE("scenario 70: first sync copies both ways: bodies, flags, keywords, dates, subscriptions") {
  Bed bed({}, {.mailLocation = "sdbox:~/sdbox"});
  Corpus corpus(1);
  {
    ImapClient alice = bed.alice(), bob = bed.bob();
    alice.append("INBOX", corpus.messages(40));
    fill(alice, corpus, {"Archive/2023", "Sent"}, 20);
    alice.subscribe("Sent");
    bob.append("INBOX", corpus.messages(30));
    fill(bob, corpus, {"Lists/Announce", "Sent"}, 20);
    bob.subscribe("Lists/Announce");
  }
  synchronise(bed);
  Snapshot here = bed.here();
  CHECK(here.messages() == 150);
  CHECK(here.mailboxes.at("Sent").messages.size() == 40);
  CHECK(here.mailboxes.at("Sent").subscribed);
  CHECK(here.mailboxes.at("Lists/Announce").subscribed);
  CHECK_FALSE(here.mailboxes.at("Archive/2023").subscribed);
}

TEST_CASE("scenario 70: nothing is appended as \\Recent, and dates are the source's") {
  for (const std::string& program : programs()) {
    CAPTURE(program);
    Bed bed;
    bed.remote.doveadm({"save", "-u", "bob"}, "Subject: recent\n\nnobody has seen this yet\n");
    bed.bob().append("INBOX",
                     {{"Subject: dated\r\n\r\n", {"\\Seen", "$Junk"}, "29-Feb-2020 23:59:58 -0730"}});
    bed.alice().append("INBOX", Corpus(6).smallMessages(3));
    Run run = bed.program.runWith(program);
    requireDone(run);
    INFO(run.log());
    CHECK(run.says(isReference() || program == kPerl ? "Added " : "Added 2 UID(s) 4:5 <- 1:2"));
    CHECK(run.sent("APPEND INBOX"));
    std::istringstream lines(run.log());
    for (std::string line; std::getline(lines, line);) {
      CAPTURE(line);
      CHECK((line.find(": C: ") == std::string::npos || line.find("\\Recent") == std::string::npos));
    }
    checkEqual(bed.here(), bed.there());
    auto messages = bed.here().mailboxes.at("INBOX").messages;
    auto dated = std::ranges::find(messages, "dated", &MessageState::subject);
    REQUIRE(dated != messages.end());
    CHECK(dated->internalDate == 1583047798);  // 2020-03-01 07:29:58 UTC
    CHECK(dated->flags == std::vector<std::string>{"$Junk", "\\Seen"});
  }
}

TEST_CASE("first sync of two empty accounts makes a database and ends with 0") {
  Bed bed;
  synchronise(bed);
  struct stat status {};
  REQUIRE(stat(bed.program.database().c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("mailboxes given as arguments are synchronised, others are not") {
  Bed bed;
  Corpus corpus(2);
  ImapClient alice = bed.alice();
  fill(alice, corpus, {"INBOX", "one", "two"}, 3);
  requireDone(bed.program.run({"inbox", "one"}));
  Snapshot there = bed.there();
  CHECK(there.mailboxes.at("INBOX").messages.size() == 3);
  CHECK(there.mailboxes.at("one").messages.size() == 3);
  CHECK_FALSE(there.mailboxes.contains("two"));
}

TEST_CASE("quiet says nothing about messages") {
  Bed bed;
  Corpus corpus(3);
  bed.alice().append("INBOX", corpus.smallMessages(3));
  Run run = bed.program.run({"--quiet"});
  requireDone(run);
  CHECK_FALSE(run.says("Added"));
  CHECK_FALSE(run.says("IMAP traffic"));
  checkEqual(bed.here(), bed.there());
}

TEST_CASE("accounts on mdbox and maildir with 1,000 messages are equal after one run") {
  Bed bed({.mailLocation = "mdbox:~/mdbox"}, {});
  Corpus corpus(4);
  bed.alice().append("INBOX", corpus.smallMessages(1000));
  synchronise(bed);
  CHECK(bed.there().messages() == 1000);
}
