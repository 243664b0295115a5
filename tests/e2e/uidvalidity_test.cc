// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Acceptance scenarios 84 and 85: mailboxes whose UIDs or mod-sequences cannot be relied upon.
#include "tests/e2e/oracle.h"
#include "tests/e2e/scripted.h"
#include "tests/e2e/sql.h"

using namespace interimap::bed;
using interimap::ExitStatus;

namespace {

// SELECT of "bad" answers so; everything else is as it should be.
void answerSelect(FakeServer& server, const std::string& codes) {
  server.on("SELECT \"?bad", 0,
            {.octets = "* FLAGS (\\Seen)\r\n* 2 EXISTS\r\n* 0 RECENT\r\n" + codes +
                       "{tag} OK [READ-WRITE] selected\r\n"});
}

// Instead of what LIST says of "bad".
void answerList(FakeServer& server, const std::string& items) {
  server.on("LIST .*STATUS", 0,
            {.octets = "* LIST () \"/\" INBOX\r\n* STATUS INBOX (MESSAGES 0 UIDVALIDITY 1600000000 UIDNEXT 1 "
                       "HIGHESTMODSEQ 1)\r\n* LIST () \"/\" bad\r\n* STATUS bad (" +
                       items +
                       ")\r\n* LIST () \"/\" good\r\n* STATUS good (MESSAGES 2 UIDVALIDITY 1700000003 "
                       "UIDNEXT 3 HIGHESTMODSEQ 3)\r\n{tag} OK done\r\n"});
}

std::string remoteValidity(const Bed& bed, const std::string& mailbox) {
  std::string line =
      sql(bed.program.database(),
          "SELECT r.UIDVALIDITY FROM remote r JOIN mailboxes USING (idx) WHERE mailbox = CAST('" + mailbox +
              "' AS BLOB)");
  line.pop_back();
  return line;
}

}  // namespace

TEST_CASE("scenario 84, W7: a mailbox that is another one now is left alone, the others are not") {
  NOT_THE_REFERENCE();
  for (const char* mailbox : {"other", "INBOX"})
    for (const bool adopted : {false, true}) {
      CAPTURE(std::string(mailbox));
      CAPTURE(adopted);
      Bed bed;
      Corpus corpus(11);
      {
        ImapClient alice = bed.alice();
        fill(alice, corpus, {"INBOX", "other", "third"}, 3);
      }
      requireDone(bed.program.run());
      std::string before = remoteValidity(bed, mailbox);
      bed.remote.doveadm({"mailbox", "update", "-u", "bob", "--uid-validity", "1234567", mailbox});
      {
        ImapClient alice = bed.alice(), bob = bed.bob();
        bob.select(mailbox);
        bob.expunge("2");
        for (const char* name : {"INBOX", "other", "third"}) alice.append(name, corpus.smallMessages(1));
        bob.append("third", corpus.smallMessages(1));
      }
      for (int runs = 0; runs < 2; ++runs) {
        Run run = bed.program.run();
        checkStatus(run, ExitStatus::data);
        INFO(run.log());
        CHECK(run.says("UIDVALIDITY changed! (1234567 != " + before +
                       ") Need to invalidate the UID cache. Only 2 of 3 known messages are the same"));
        CHECK(run.says("remote(" + std::string(mailbox) + "): ERROR: "));
        CHECK(run.says("--adopt " + std::string(mailbox)));
        CHECK(run.says("--target=database --delete " + std::string(mailbox)));
        CHECK(run.says("Comparing every message") == (runs == 0));  // compared once
        Snapshot there = bed.there(), here = bed.here();
        CHECK(there.mailboxes.at(mailbox).messages.size() == 2);
        CHECK(here.mailboxes.at(mailbox).messages.size() == 4);
        CHECK(here.mailboxes.at("third").messages.size() == 5);
        CHECK(there.mailboxes.at("third").messages.size() == 5);
      }
      // The ways out.
      if (adopted)
        requireDone(bed.program.run({"--adopt", mailbox}));
      else
        requireDone(bed.program.run({"--target=database", "--delete", mailbox}));
      requireDone(bed.program.run());
      checkEqual(bed.here(), bed.there());
      CHECK(bed.there().mailboxes.at(mailbox).messages.size() == 4);
      checkNothingToDo(bed.program);
    }
}

TEST_CASE("scenario 84: UIDVALIDITY that changes between LIST and SELECT") {
  NOT_THE_REFERENCE();
  Scripted bed;
  for (const char* name : {"INBOX", "other"}) Scripted::add(bed.local, name, 3, 1);
  requireDone(bed.program.run());
  Scripted::add(bed.remote, "other", 1, 2);
  Scripted::add(bed.remote, "INBOX", 1, 3);
  bed.remote.on("SELECT \"?other", 1, {.alsoAnswer = true, .meanwhile = [](auto& mailboxes) {
                                         mailboxes["other"].uidValidity = 4242;
                                       }});
  Run run = bed.program.run();
  requireDone(run);
  CHECK(run.says("UIDVALIDITY changed! (4242 != "));
  CHECK(bed.here().mailboxes.at("other").messages.size() == 4);
  CHECK(bed.here().mailboxes.at("INBOX").messages.size() == 4);
  checkNothingToDo(bed.program);
}

TEST_CASE("scenario 85, W10: what a mailbox has to have: it is refused, the others are synchronised") {
  NOT_THE_REFERENCE();
  struct {
    const char *codes, *said;
  } rows[] = {
      {"* OK [UIDVALIDITY 1700000002] valid\r\n* OK [UIDNEXT 3] next\r\n* NO [UIDNOTSTICKY] not sticky\r\n* "
       "OK "
       "[HIGHESTMODSEQ 3] highest\r\n",
       "does not support persistent UIDs"},
  };
  for (const auto& row : rows) {
    CAPTURE(std::string(row.codes));
    Scripted bed;
    Scripted::add(bed.remote, "bad", 2, 1);
    Scripted::add(bed.remote, "good", 2, 2);
    answerSelect(bed.remote, row.codes);
    Run run = bed.program.run();
    INFO(run.log());
    CHECK(run.exitStatus != 0);
    CHECK_FALSE(run.timedOut);
    CHECK(run.says("remote(bad): "));
    CHECK(run.says(row.said));
    CHECK(run.commands("remote").size() < 40);
    CHECK(bed.here().mailboxes.at("good").messages.size() == 2);
    bed.remote.forget();
    bed.checkRecovers();
  }
}

TEST_CASE("scenario 85, W10: STATUS without what is asked for, or with nothing in it, does not spin") {
  NOT_THE_REFERENCE();
  for (const char* items :
       {"MESSAGES 2 UIDVALIDITY 1700000002 UIDNEXT 3",
        "MESSAGES 2 UIDVALIDITY 1700000002 UIDNEXT 3 HIGHESTMODSEQ 0",
        "MESSAGES 2 UIDVALIDITY 1700000002 HIGHESTMODSEQ 3", "UIDVALIDITY 1700000002", ""}) {
    CAPTURE(std::string(items));
    Scripted bed;
    Scripted::add(bed.remote, "bad", 2, 1);
    Scripted::add(bed.remote, "good", 2, 2);
    answerList(bed.remote, items);
    for (int runs = 0; runs < 2; ++runs) {
      Run run = bed.program.run();
      INFO(run.log());
      CHECK_FALSE(run.timedOut);
      CHECK(run.commands("remote").size() < 40);
      CHECK(bed.here().mailboxes.at("good").messages.size() == 2);
    }
  }
}
