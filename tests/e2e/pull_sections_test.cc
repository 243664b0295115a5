// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Several sections, several mailboxes: what happens to one does not happen to the others.

#include <signal.h>

#include "tests/e2e/pull_bed.h"

using namespace interimap::bed;
using namespace std::chrono_literals;

namespace {

struct Sections : PullBed {
  Sections() {
    auto section = [&](const std::string& name, const std::string& user, const Sink& to) {
      return PullAccount{name,
                         cleartext(server.imap(), user),
                         {"deliver-method = " + to.method(), "deliver-rcpt = " + user}};
    };
    accounts = {section("home", "alice", sink), section("work", "bob", other)};
    program.configure(accounts);
    append(mails("home", 2));
    server.client("bob").append("INBOX", mails("work", 2));
  }

  Sink other;
  std::vector<PullAccount> accounts;
};

}  // namespace

TEST_CASE_FIXTURE(Sections, "several sections and --all: each from its account to its server") {
  SUBCASE("named") { requireDone(program.run({"home", "work"})); }
  SUBCASE("all") { requireDone(program.run({"--all"})); }
  CHECK(delivered() == "home1 home2");
  CHECK(subjects(other.messages()) == "work1 work2");
  CHECK(sink.messages().at(0).recipients.at(0) == "alice");
  CHECK(fs::exists(program.states() / "home"));
  CHECK(fs::exists(program.states() / "work"));
}

TEST_CASE_FIXTURE(Sections, "one section failing never stops another; the gravest exit status is told") {
  int status = 0;
  SUBCASE("its server refuses the password") {
    accounts[0].imap.user = "nobody-of-that-name";
    accounts[0].imap.password = "wrong";
    status = 77;
  }
  SUBCASE("its server is away") {
    accounts[0].imap.port = 1;
    status = 69;
  }
  SUBCASE("its sink is away") {
    sink.stop();
    status = 75;
  }
  SUBCASE("its sink refuses everything") {
    sink.on("RCPT", 0, {"550 5.1.1 nobody\r\n"});
    status = 65;
  }
  SUBCASE("its mailbox is not there") {
    accounts[0].more.push_back("mailbox = nowhere");
    status = 65;
  }
  program.configure(accounts);
  Run run = program.run({"--all"});
  checkStatus(run, status);
  CHECK(subjects(other.messages()) == "work1 work2");
  CHECK(delivered() == "");
  CHECK(run.says("home"));
}

TEST_CASE_FIXTURE(Sections,
                  "--idle --all: mail of each section comes as it is appended; one sink down holds up one") {
  requireDone(program.run({"--all"}));
  sink.stop();
  BackgroundProcess watcher = program.runInBackground({"--debug", "--idle=3600", "--all"});
  append(mails("h", 1));
  REQUIRE(eventually([&] {
    return program.log().find("home: Mail cannot be delivered: ") != std::string::npos ||
           program.log().find("Mail cannot be delivered: ") != std::string::npos;
  }));
  server.client("bob").append("INBOX", mails("w", 1));
  REQUIRE(eventually([&] { return other.messages().size() == 3; }));
  sink.start();
  REQUIRE(eventually([&] { return sink.messages().size() == 3; }));
  watcher.signal(SIGTERM);
  CHECK(watcher.wait(30s).exitStatus == 0);
  CHECK(delivered() == "home1 home2 h1");
  CHECK(subjects(other.messages()) == "work1 work2 w1");
}

TEST_CASE("mailbox may be a list; each has its state, and one that is not there holds up none") {
  PullBed bed;
  {
    ImapClient alice = bed.alice();
    alice.create("Sent Items");
    alice.create("Entw&APw-rfe");
    alice.append("INBOX", mails("i", 2));
    alice.append("Sent Items", mails("s", 2));
    alice.append("Entw&APw-rfe", mails("e", 1));
  }
  bed.set({"mailbox = \"INBOX\" \"Sent Items\" \"Entwürfe\""});
  Run run = bed.program.run();
  requireDone(run);
  checkSays(run, {"work(INBOX): UID 1 from", "work(Sent Items): UID 2 from"});
  CHECK(bed.delivered() == "i1 i2 s1 s2 e1");
  CHECK(seenUids(bed.alice(), "Sent Items") == "1 2");
  requireDone(bed.program.run());
  CHECK(bed.sink.messages().size() == 5);

  bed.sink.clear();
  bed.set({"mailbox = \"Nowhere\" \"INBOX\" \"Entwürfe\""});
  bed.append(mails("j", 1));
  Run failed = bed.program.run();
  checkStatus(failed, 65);
  checkSays(failed, {"Nowhere"});
  CHECK(bed.delivered() == "j1");
}

TEST_CASE("a mailbox name with a blank needs no quotes when it is alone") {
  PullBed bed({}, {"mailbox = Sent Items"});
  {
    ImapClient alice = bed.alice();
    alice.create("Sent Items");
    alice.append("Sent Items", mails("s", 1));
  }
  requireDone(bed.program.run());
  CHECK(bed.delivered() == "s1");
}
