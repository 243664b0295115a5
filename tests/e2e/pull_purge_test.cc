// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Messages are deleted from the server once they are delivered, and never else.

#include "tests/e2e/pull_bed.h"

using namespace interimap::bed;

namespace {

// "25-Dec-2020 12:00:00 +0000"
std::string daysAgo(int days) {
  std::time_t then = std::time(nullptr) - days * 86400;
  std::tm utc{};
  gmtime_r(&then, &utc);
  char text[40];
  std::strftime(text, sizeof text, "%d-%b-%Y %H:%M:%S +0000", &utc);
  return text;
}

Message old(const std::string& subject, int days) {
  Message message = mail(subject);
  message.internalDate = daysAgo(days);
  return message;
}

std::string left(const PullBed& bed) {
  std::string result;
  for (const auto& [uid, flags] : flagsOf(bed.alice())) {
    result += (result.empty() ? "" : " ") + std::to_string(uid);
  }
  return result;
}

}  // namespace

TEST_CASE("scenario 100: --no-delivery takes note of what is there, and says nothing to the sink") {
  PullBed bed;
  bed.append(mails("m", 3));
  Run run = bed.program.run({"--debug", "--no-delivery", "work"});
  requireDone(run);
  CHECK_FALSE(run.says("BODY.PEEK[]"));
  CHECK(bed.sink.connections() == 0);
  CHECK(seenUids(bed.alice()) == "1 2 3");
  bed.append(mails("n", 2));
  requireDone(bed.program.run());
  CHECK(bed.delivered() == "n1 n2");
}

TEST_CASE("scenario 100, W33: what --no-delivery took note of is never purged, by whatever purge-after") {
  for (const char* days : {"0", "3"}) {
    CAPTURE(days);
    PullBed bed({}, {std::string("purge-after = ") + days});
    bed.append({old("a", 30), old("b", 30)});
    requireDone(bed.program.run({"--no-delivery", "work"}));
    CHECK(left(bed) == "1 2");
    bed.append({old("c", 30)});
    requireDone(bed.program.run());
    CHECK(bed.delivered() == "c");
    CHECK(left(bed) == "1 2");
  }
}

TEST_CASE("scenario 101: purge-after = 0 deletes what is delivered, and nothing else") {
  PullBed bed({}, {"purge-after = 0"});
  bed.append(mails("m", 4));
  bed.sink.on("\\.", 2, {"451 4.3.0 later\r\n"});
  bed.sink.on("\\.", 2, {"550 5.7.1 poison\r\n"});
  Run run = bed.program.run();
  checkStatus(run, 65);
  checkSays(run, {"Removing 2 UID(s) 1,4"});
  CHECK(left(bed) == "2 3");
  checkStatus(bed.program.run(), 65);
  CHECK(left(bed) == "3");
  CHECK(bed.delivered() == "m1 m4 m2");
}

TEST_CASE("after = move: what is delivered goes to another mailbox, and nothing else") {
  PullBed bed({}, {"after = move Old mail"});
  bed.append(mails("m", 4));
  bed.sink.on("\\.", 2, {"550 5.7.1 poison\r\n"});
  Run run = bed.program.run();
  checkStatus(run, 65);
  checkSays(run, {"Moving 3 UID(s) 1,3:4 to Old mail"});
  CHECK(left(bed) == "2");
  ImapClient client = bed.alice();
  client.select("Old mail");
  CHECK(client.uids().size() == 3);
  bed.append(mails("n", 1));
  checkStatus(bed.program.run(), 65);
  CHECK(left(bed) == "2");
  client.select("Old mail");
  CHECK(client.uids().size() == 4);
  CHECK(bed.delivered() == "m1 m3 m4 n1");
}

TEST_CASE("after: what contradicts itself, or goes round, is refused with its line") {
  struct {
    std::vector<std::string> lines;
    const char* says;
  } table[] = {
      {{"after = keep", "purge-after = 3"}, "contradicts purge-after"},
      {{"after = move INBOX"}, "would be delivered from there again"},
      {{"after = move"}, "after"},
      {{"after = archive"}, "after"},
  };
  for (const auto& row : table) {
    CAPTURE(row.says);
    PullBed bed({}, row.lines);
    Run run = bed.program.run();
    checkStatus(run, 78);
    checkSays(run, {row.says});
  }
}

TEST_CASE("scenario 101: purge-after = N deletes what was delivered and is that old, by the date in UTC") {
  for (const char* capabilities :
       {"", "IMAP4rev1 UIDPLUS IDLE AUTH=PLAIN", "IMAP4rev1 UIDPLUS ESEARCH AUTH=PLAIN"}) {
    CAPTURE(capabilities);
    PullBed bed({}, {}, {.capabilities = capabilities});
    bed.append({old("a", 10), old("b", 5), old("c", 2), old("d", 0), old("e", 10)});
    bed.sink.on("\\.", 5, {"550 5.7.1 poison\r\n"});
    checkStatus(bed.program.run(), 65);
    CHECK(left(bed) == "1 2 3 4 5");
    bed.set({"purge-after = 4"});
    Run run = bed.program.run();
    checkStatus(run, 65);
    checkSays(run, {"Removing 2 UID(s) 1:2", "BEFORE "});
    CHECK(left(bed) == "3 4 5");
  }
}

TEST_CASE("scenario 101: what the Perl program was done with stays; an empty purge-after is never") {
  PullBed bed({}, {"purge-after ="});
  bed.append({old("a", 10), old("b", 10)});
  requireDone(bed.program.run());
  CHECK(left(bed) == "1 2");
  fs::path state = bed.program.state(), perl = bed.program.directory() / "perl";
  requireDone(bed.program.run({"--export-statefile=" + perl.string(), "work"}));
  fs::remove(state);
  writeFile(state, readFile(perl));
  bed.set({"purge-after = 4"});
  requireDone(bed.program.run());
  CHECK(left(bed) == "1 2");  // delivered or skipped: its state file does not tell
  CHECK(bed.sink.messages().size() == 2);
}

TEST_CASE("scenario 101: without UIDPLUS nothing is deleted") {
  PullBed bed({}, {"purge-after = 0"}, {.capabilities = "IMAP4rev1 IDLE AUTH=PLAIN"});
  bed.append(mails("m", 2));
  Run run = bed.program.run();
  INFO(run.log());
  CHECK(run.exitStatus == 76);
  checkSays(run, {"UIDPLUS"});
  CHECK(bed.delivered() == "m1 m2");
  CHECK(left(bed) == "1 2");
}

TEST_CASE("a message that somebody else marks as deleted stays, unless it is one to be purged") {
  PullBed bed({}, {"purge-after = 0"});
  bed.append(mails("m", 2));
  bed.sink.on("\\.", 1, {"550 5.7.1 poison\r\n"});
  {
    ImapClient alice = bed.alice();
    alice.select("INBOX");
    alice.store("1", "+FLAGS (\\Deleted)");
  }
  checkStatus(bed.program.run(), 65);
  CHECK(left(bed) == "1");
}
