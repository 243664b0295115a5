// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What is remembered from run to run, and what of the Perl program's is taken over.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/e2e/pull_bed.h"

using namespace interimap::bed;

namespace {

std::string bigEndian(std::initializer_list<std::uint32_t> numbers) {
  std::string result;
  for (std::uint32_t n : numbers) {
    for (int shift = 24; shift >= 0; shift -= 8) result += static_cast<char>(n >> shift & 0xff);
  }
  return result;
}

std::uint32_t uidValidity(const PullBed& bed) {
  for (const std::string& response : bed.alice().command("STATUS INBOX (UIDVALIDITY)").responses) {
    std::vector<Value> values = parseValues(response);
    if (values.at(0).text == "STATUS") {
      return static_cast<std::uint32_t>(std::stoul(values.back().after("UIDVALIDITY").text));
    }
  }
  return 0;
}

mode_t modeOf(const fs::path& path) {
  struct stat status {};
  REQUIRE(stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

}  // namespace

TEST_CASE(
    "scenario 96: the state is an SQLite file of mode 0600 under the section's name, or as statefile says") {
  PullBed bed;
  requireDone(bed.program.run());
  CHECK(readFile(bed.program.state()).starts_with("SQLite format 3"));
  CHECK(modeOf(bed.program.state()) == 0600);
  bed.set({"statefile = other"});
  requireDone(bed.program.run());
  CHECK(fs::exists(bed.program.states() / "other"));
}

TEST_CASE("scenario 96: --idle does not create it") {
  PullBed bed;
  Run run = bed.program.run({"--idle", "work"});
  checkStatus(run, 73);
  checkSays(run, {"Can't open " + bed.program.state().string()});
  CHECK_FALSE(fs::exists(bed.program.state()));
}

TEST_CASE("scenario 96: the Perl program's state file is taken over, and a copy is kept") {
  PullBed bed;
  bed.append(mails("m", 6));
  // Below UIDNEXT 3, and 4 and 6 beside that: delivered.
  const std::string octets = bigEndian({uidValidity(bed), 3, 4, 6});
  writeFile(bed.program.state(), octets);
  Run run = bed.program.run();
  requireDone(run);
  checkSays(run, {"Imported " + bed.program.state().string() + " ("});
  CHECK(bed.delivered() == "m3 m5");
  CHECK(seenUids(bed.alice()).find("3 4 5 6") != std::string::npos);
  CHECK(readFile(bed.program.state().string() + ".reference") == octets);
  Run again = bed.program.run();
  requireDone(again);
  CHECK_FALSE(again.says("Imported"));
  CHECK(bed.sink.messages().size() == 2);
}

TEST_CASE("scenario 96: forms of the Perl program's state file") {
  struct Row {
    const char* what;
    std::string octets;  // behind UIDVALIDITY, unless that is to be left out
    bool withUidValidity;
    int status;
    const char* delivered;
  };
  const Row rows[] = {
      {"empty", "", false, 0, "m1 m2 m3"},
      {"UIDVALIDITY alone", "", true, 0, "m1 m2 m3"},
      {"UIDNEXT above the server's", bigEndian({99}), true, 0, ""},
      {"odd size", bigEndian({2}) + "x", true, 65, ""},
      {"one byte", "x", false, 65, ""},
      {"another UIDVALIDITY", bigEndian({1, 3}), false, 65, ""},
      {"another UIDVALIDITY, 0", bigEndian({0, 3}), false, 65, ""},
      {"doubled and covered UIDs", bigEndian({3, 1, 3, 3}), true, 0, ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    PullBed bed;
    bed.append(mails("m", 3));
    std::string octets = (row.withUidValidity ? bigEndian({uidValidity(bed)}) : "") + row.octets;
    writeFile(bed.program.state(), octets);
    Run run = bed.program.run();
    checkStatus(run, row.status);
    INFO(run.log());
    CHECK(bed.delivered() == row.delivered);
    if (row.status == 65 && row.octets.size() % 4 != 0) {
      checkSays(run, {"Corrupted state file!"});
      CHECK(readFile(bed.program.state()) == octets);
    }
    if (row.status == 65 && row.octets.size() % 4 == 0) checkSays(run, {"UIDVALIDITY changed!"});
  }
}

TEST_CASE("scenario 96: a lock that the Perl program holds is respected") {
  PullBed bed;
  writeFile(bed.program.state(), "");
  int file = open(bed.program.state().c_str(), O_RDWR | O_CLOEXEC);
  struct flock lock {};
  lock.l_type = F_WRLCK;
  REQUIRE(fcntl(file, F_SETLK, &lock) == 0);
  Run run = bed.program.run();
  checkStatus(run, 75);
  checkSays(run, {"Can't lock " + bed.program.state().string()});
  close(file);
  requireDone(bed.program.run());
}

TEST_CASE("a state that is no state is refused and left alone") {
  PullBed bed;
  for (const std::string& octets :
       {std::string("SQLite format 3\0 and nothing more", 33), std::string(4096, 'x') + "y"}) {
    writeFile(bed.program.state(), octets);
    Run run = bed.program.run();
    INFO(run.log());
    CHECK(run.exitStatus == 65);
    CHECK(readFile(bed.program.state()) == octets);
  }
}

TEST_CASE("the state of another account is refused") {
  PullBed bed;
  bed.append(mails("m", 1));
  requireDone(bed.program.run());
  bed.program.configure({{"work", cleartext(bed.server.imap(), "bob")}},
                        {"deliver-method = " + bed.sink.method(), "deliver-rcpt = alice"});
  Run run = bed.program.run();
  checkStatus(run, 65);
  checkSays(run, {"belongs to the account"});
}

TEST_CASE(
    "scenario 102: UIDVALIDITY changed: known messages are recognised, new ones delivered, nothing twice") {
  PullBed bed;
  bed.append(mails("m", 5));
  bed.sink.on("\\.", 4, {"550 5.7.1 poison\r\n"});
  checkStatus(bed.program.run(), 65);
  CHECK(bed.delivered() == "m1 m2 m3 m5");

  // The same mailbox under a new UIDVALIDITY, without one message and with a new one.
  {
    ImapClient alice = bed.alice();
    alice.create("old");
    alice.select("INBOX");
    alice.command("UID COPY 2:5 old");
    alice.store("1:*", "+FLAGS (\\Deleted)");
    alice.command("EXPUNGE");
  }
  std::uint32_t before = uidValidity(bed);
  bed.server.waitUntilIdle();
  for (const char* file : {"dovecot-uidlist", "dovecot.index", "dovecot.index.log", "dovecot.index.cache"}) {
    fs::remove(bed.server.home("alice") / "Maildir" / file);
  }
  // UIDVALIDITY is a time: one that is certainly another.
  writeFile(bed.server.home("alice") / "Maildir/dovecot-uidlist",
            "3 V" + std::to_string(before + 7) + " N10 G0123456789abcdef0123456789abcdef\n");
  {
    ImapClient alice = bed.alice();
    alice.append("INBOX", {mail("new")});
    alice.select("old");
    alice.command("UID COPY 1:* INBOX");
  }
  REQUIRE(uidValidity(bed) != before);
  Run run = bed.program.run();
  INFO(run.log());
  CHECK(run.exitStatus == 65);  // m4 is still refused
  checkSays(run, {"UIDVALIDITY changed! (", "poison"});
  CHECK(bed.delivered() == "m1 m2 m3 m5 new");
  Run again = bed.program.run();
  CHECK(again.exitStatus == 65);
  CHECK_FALSE(again.says("UIDVALIDITY changed!"));
  CHECK(bed.sink.messages().size() == 5);
}

TEST_CASE("--export-statefile writes what the Perl program reads, and asks no server") {
  PullBed bed;
  bed.append(mails("m", 5));
  bed.sink.on("\\.", 3, {"550 5.7.1 poison\r\n"});
  checkStatus(bed.program.run(), 65);
  std::uint32_t validity = uidValidity(bed);
  bed.server.stop();
  fs::path to = bed.program.directory() / "exported";
  Run run = bed.program.run({"--export-statefile=" + to.string(), "work"});
  requireDone(run);
  std::string octets = readFile(to);
  CHECK(octets == bigEndian({validity, 3, 4, 5}));
  CHECK(modeOf(to) == 0600);
  CHECK(bed.program.run({"--export-statefile=" + to.string(), "work"}).exitStatus != 0);
  CHECK(readFile(to) == octets);
}
