// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What pullimap has not delivered itself it never deletes, whatever UIDs have come to mean; and what it takes
// for delivered was.

#include "tests/e2e/pull_bed.h"

using namespace interimap::bed;

namespace {

// A notice like many others: of the same length, from the same minute, under the same Message-ID.
Message notice(const std::string& subject, const std::string& body) {
  return {.text = "From: cron@example.net\r\nSubject: " + subject +
                  "\r\nMessage-ID: <>\r\nDate: Mon, 01 Feb 2021 03:04:05 +0000\r\n\r\n" + body,
          .flags = {},
          .internalDate = "02-Feb-2021 03:04:05 +0000"};
}

std::string left(const PullBed& bed) {
  std::string subjects;
  ImapClient alice = bed.alice();
  alice.select("INBOX");
  for (const auto& response : alice.command("UID FETCH 1:* (BODY.PEEK[HEADER.FIELDS (SUBJECT)])").responses) {
    std::size_t at = response.find("Subject: ");
    if (at == std::string::npos) continue;
    subjects += (subjects.empty() ? "" : " ") + response.substr(at + 9, response.find('\r', at) - at - 9);
  }
  return subjects;
}

void expunge(const PullBed& bed, const std::string& uids) {
  ImapClient alice = bed.alice();
  alice.select("INBOX");
  alice.store(uids, "+FLAGS (\\Deleted)");
  alice.command("EXPUNGE");
}

struct Backup {
  explicit Backup(PullBed& of) : bed(of) {
    bed.server.waitUntilIdle();
    bed.server.shutDown();
    copyTree(bed.server.home("alice"), bed.directory / "backup");
    bed.server.start();
  }
  void restore() const {
    bed.server.waitUntilIdle();
    bed.server.shutDown();
    fs::remove_all(bed.server.home("alice"));
    copyTree(bed.directory / "backup", bed.server.home("alice"));
    bed.server.start();
  }
  PullBed& bed;
};

}  // namespace

TEST_CASE("field 8: after a UIDVALIDITY change only the same content counts as delivered") {
  for (const char* days : {"", "0", "3"}) {
    CAPTURE(days);
    PullBed bed;
    bed.append(mails("m", 2));
    bed.append({notice("ok--", "nothing to do\r\n"), notice("same", "this one: stay\r\n")});
    requireDone(bed.program.run());
    CHECK(bed.delivered() == "m1 m2 ok-- same");
    // The user removes one of them, and then comes another, alike but for what it says.
    expunge(bed, "3");
    bed.server.waitUntilIdle();
    bed.server.doveadm({"mailbox", "update", "-u", "alice", "--uid-validity", "4242", "INBOX"});
    bed.append({notice("DEAD", "come at once!\r\n")});
    bed.set({std::string("purge-after = ") + days});
    Run run = bed.program.run();
    requireDone(run);
    checkSays(run, {"UIDVALIDITY changed! ("});
    CHECK(bed.delivered() == "m1 m2 ok-- same DEAD");
    CHECK(left(bed) == (std::string(days).empty() ? "m1 m2 same DEAD" : ""));
    requireDone(bed.program.run());
    CHECK(bed.sink.messages().size() == 5);
  }
}

TEST_CASE(
    "field 8: a server restored from a backup that has caught up: new mail is delivered, none is lost") {
  struct Row {
    const char* what;
    int since, queued;  // messages that came after the backup, and after it was restored
  };
  for (const Row& row :
       {Row{"caught up exactly", 4, 4}, Row{"grown past", 2, 5}, Row{"still behind", 5, 2}}) {
    for (const char* days : {"", "0", "3"}) {
      CAPTURE(row.what);
      CAPTURE(days);
      PullBed bed({}, {std::string("purge-after = ") + days});
      bed.append(mails("old", 3));
      Backup backup(bed);
      bed.append(mails("day", static_cast<std::size_t>(row.since)));
      requireDone(bed.program.run());
      CHECK(bed.sink.messages().size() == 3U + static_cast<std::size_t>(row.since));
      backup.restore();
      bed.sink.clear();
      std::string expected;
      for (int i = 1; i <= row.queued; ++i) {
        std::string number = std::to_string(i);
        bed.append({notice("queued" + number, "important\r\n")});
        expected += (i > 1 ? " queued" : "queued") + number;
      }
      Run run = bed.program.run();
      requireDone(run);
      checkSays(run, {"has the server been restored from a backup?"});
      CHECK(bed.delivered() == expected);
      if (std::string(days).empty()) CHECK(left(bed) == "old1 old2 old3 " + expected);
      requireDone(bed.program.run());
      CHECK(bed.delivered() == expected);
    }
  }
}

TEST_CASE("field 8: what is another message than the one that was delivered under its UID is not purged") {
  PullBed bed;
  bed.append(mails("old", 3));
  Backup backup(bed);
  bed.append({notice("ok--", "nothing to do\r\n")});
  bed.append(mails("large", 1));
  requireDone(bed.program.run());
  backup.restore();
  bed.append({notice("DEAD", "come at once!\r\n")});
  bed.append(mails("large", 1));  // so that the newest is the same
  bed.set({"purge-after = 3"});
  Run run = bed.program.run();
  requireDone(run);
  checkSays(run, {"UID 4: the server has another message there than the one that was delivered"});
  CHECK(left(bed) == "DEAD");
}

TEST_CASE("field 8: a backlog that the Perl program skipped is not purged") {
  PullBed bed;
  bed.append(mails("backlog", 5));
  // As it writes it with --no-delivery: everything below UIDNEXT is done with.
  requireDone(bed.program.run({"--no-delivery", "work"}));
  fs::path state = bed.program.state(), perl = bed.program.directory() / "perl";
  requireDone(bed.program.run({"--export-statefile=" + perl.string(), "work"}));
  fs::remove(state);
  writeFile(state, readFile(perl));
  for (const char* days : {"3", "0"}) {
    CAPTURE(days);
    bed.append(mails(std::string("new") + days, 1));
    bed.set({std::string("purge-after = ") + days});
    requireDone(bed.program.run());
    CHECK(left(bed) == "backlog1 backlog2 backlog3 backlog4 backlog5");
  }
  CHECK(bed.delivered() == "new31 new01");
}
