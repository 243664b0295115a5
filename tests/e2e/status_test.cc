// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// --status: what the database knows, asked of nobody else.
#include "tests/e2e/bed.h"
#include "tests/e2e/pull_scripted.h"
#include "tests/e2e/sql.h"

using namespace interimap::bed;
using interimap::ExitStatus;

namespace {

void checkHas(const std::string& text, const std::vector<std::string>& parts) {
  INFO(text);
  for (const std::string& part : parts) {
    CAPTURE(part);
    CHECK(text.find(part) != std::string::npos);
  }
}

// As it is, to nowhere: whoever connects fails.
void moveServersAway(const Bed& bed) {
  std::string text = bed.program.configuration();
  for (std::uint16_t port : {bed.local.imap(), bed.remote.imap()}) {
    std::string line = "port = " + std::to_string(port);
    auto at = text.find(line);
    REQUIRE(at != text.npos);
    text.replace(at, line.size(), "port = 1");
  }
  bed.program.configure(text);
}

}  // namespace

TEST_CASE("status: what is paired, held back, refused and on its way, without a connection") {
  NOT_THE_REFERENCE();
  Bed bed;
  Corpus corpus(1);
  ImapClient client = bed.alice();
  fill(client, corpus, {"INBOX", "work"}, 3);
  Run nothing = bed.program.run({"--status"});
  checkStatus(nothing, ExitStatus::ok);
  checkHas(nothing.output, {"Nothing has been done yet: there is no "});
  CHECK_FALSE(fs::exists(bed.program.database()));

  synchronise(bed);
  moveServersAway(bed);
  Run good = bed.program.run({"--status"});
  checkStatus(good, ExitStatus::ok);
  CHECK(good.log() == "");
  checkHas(
      good.output,
      {"INBOX: 3 messages paired, last synchronised with changes ",
       "work: 3 messages paired, last synchronised with changes ",
       "In all: 2 mailboxes, 6 messages paired, 0 not, 0 on their way; 0 held back; last successful run "});

  sql(bed.program.database(),
      "INSERT INTO ours_held SELECT idx, 'UIDVALIDITY \x1b changed', 1 FROM mailboxes WHERE mailbox = "
      "CAST('work' AS BLOB);"
      "INSERT INTO ours_refused SELECT idx, 0, 17, 0, 'NO [OVERQUOTA] no \"room\"', 1000000000 FROM "
      "mailboxes WHERE mailbox = CAST('work' AS BLOB)");
  const std::string before = readFile(bed.program.database());
  Run bad = bed.program.run({"--status"});
  checkStatus(bad, ExitStatus::ok);
  checkHas(bad.output, {"remote(work): left alone: UIDVALIDITY \\x1B changed\n",
                        "local(work): UID 17 refused (2001-09-09 01:46 UTC): NO [OVERQUOTA] no \"room\"\n",
                        "6 messages paired, 1 not, 0 on their way; 1 held back; last successful run "});
  Run json = bed.program.run({"--status", "--log-format=json"});
  checkStatus(json, ExitStatus::ok);
  checkHas(
      json.output,
      {R"({"findings":[{"component":"","mailbox":"INBOX",)", R"("what":"mailbox","paired":3,"since":)",
       R"("what":"refused","uid":17,"why":"refused","reply":"NO [OVERQUOTA] no \"room\"","at":1000000000})",
       R"("what":"total","mailboxes":2,"paired":6,"refused":1,"open":0,"held":1,"success":)"});
  CHECK(readFile(bed.program.database()) == before);

  Locked locked(bed.program.database());
  Run busy = bed.program.run({"--status"});
  checkStatus(busy, ExitStatus::tryAgain);
  CHECK(busy.says("database is locked"));
  CHECK(busy.output == "");
}

TEST_CASE("status: the last run that was successful as a whole, also one that changed nothing") {
  NOT_THE_REFERENCE();
  Bed bed;
  Corpus corpus(1);
  ImapClient client = bed.alice();
  fill(client, corpus, {"INBOX", "work"}, 2);
  synchronise(bed);
  const fs::path stamp = fs::canonical(bed.program.database()).string() + "-last-success";
  const std::string longAgo = "0000000001000000000\n";
  auto isNoted = [&](std::vector<std::string> arguments, ExitStatus status) {
    writeFile(stamp, longAgo);
    fs::permissions(stamp, fs::perms(0666));  // it is the mail user's
    checkStatus(bed.program.run(std::move(arguments)), status);
    return readFile(stamp) != longAgo;
  };
  const std::string before = readFile(bed.program.database());
  CHECK(isNoted({}, ExitStatus::ok));
  CHECK(readFile(bed.program.database()) == before);
  CHECK(isNoted({"--repair"}, ExitStatus::ok));
  CHECK_FALSE(isNoted({"INBOX"}, ExitStatus::ok));  // of one mailbox only
  CHECK_FALSE(isNoted({"--dry-run"}, ExitStatus::ok));
  CHECK_FALSE(isNoted({"--check"}, ExitStatus::ok));
  CHECK_FALSE(isNoted({"--status"}, ExitStatus::ok));
  checkHas(bed.program.run({"--status"}).output, {"; last successful run 2001-09-09 01:46 UTC\n"});
  checkHas(bed.program.run({"--status", "--log-format=json"}).output, {R"(,"success":1000000000}])"});
  sql(bed.program.database(),
      "INSERT INTO ours_held SELECT idx, 'UIDVALIDITY changed', 1 FROM mailboxes WHERE mailbox = "
      "CAST('work' AS BLOB)");
  CHECK_FALSE(isNoted({}, ExitStatus::data));
  writeFile(stamp, "rubbish\n");
  CHECK(bed.program.run({"--status"}).output.find("last successful run") == std::string::npos);
}

TEST_CASE("status: a database that the Perl program made is looked at, and stays its own") {
  NOT_THE_REFERENCE();
  Bed bed;
  Corpus corpus(1);
  ImapClient client = bed.alice();
  fill(client, corpus, {"INBOX"}, 2);
  requireDone(bed.program.run());
  std::string drop = sql(bed.program.database(),
                         "SELECT 'DROP TABLE ' || name || ';' FROM sqlite_master WHERE type = 'table' AND "
                         "name GLOB 'ours_*'");
  sql(bed.program.database(), drop);
  const std::string before = readFile(bed.program.database());
  Run run = bed.program.run({"--status"});
  checkStatus(run, ExitStatus::ok);
  checkHas(run.output, {"INBOX: 2 messages paired\n"});
  CHECK(readFile(bed.program.database()) == before);
}

TEST_CASE("status: pullimap tells what is delivered and what is not, of each section") {
  PullScripted bed;
  bed.add(mails("m", 3));
  Run nothing = bed.program.run({"--status", "work"});
  CHECK(nothing.exitStatus == 0);
  checkHas(nothing.output, {"work: Nothing has been done yet: there is no "});
  bed.sink.on("MAIL", 2, {"451 4.3.0 later\r\n"});
  bed.sink.on("RCPT", 3, {"550 5.1.1 nobody\r\n"});
  CHECK(bed.program.run().exitStatus != 0);
  const std::string before = readFile(bed.program.state());
  Run run = bed.program.run({"--status", "work"});
  CHECK(run.exitStatus == 0);
  checkHas(run.output,
           {"work(INBOX): 1 delivered, 1 deferred, 1 refused, 0 unknown\n",
            "work(INBOX): UID 2 to <alice@example.test> deferred since ", ", next attempt ",
            ": 451 4.3.0 later\n", "work(INBOX): UID 3 to <alice@example.test> refused since ",
            ": 550 5.1.1 nobody\n", "work: In all: 1 delivered, 1 deferred, 1 refused, 0 unknown\n"});
  Run json = bed.program.run({"--status", "--log-format=json", "work"});
  CHECK(json.exitStatus == 0);
  checkHas(json.output, {R"({"section":"work","findings":[{"component":"","mailbox":"INBOX",)",
                         R"("what":"message","uid":3,"recipient":"alice@example.test","fate":"refused",)"});
  CHECK(readFile(bed.program.state()) == before);
}
