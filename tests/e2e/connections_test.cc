// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Several connections to a server for one big copy: `connections`.
#include <signal.h>

#include <algorithm>
#include <sstream>

#include "tests/e2e/eventually.h"
#include "tests/e2e/relay.h"
#include "tests/e2e/saved_bed.h"
#include "tests/e2e/workers.h"

using namespace interimap::bed;

namespace {

constexpr unsigned kMailboxes = 20, kEach = 8;
constexpr std::size_t kOctets = 256 << 10;  // of a message; 40 MiB in all

// Much to copy, quickly made: large messages that differ in their first lines.
std::vector<Message> largeMessages(const std::string& mailbox) {
  std::string body;
  while (body.size() < kOctets) body += std::string(70, static_cast<char>('a' + body.size() % 26)) + "\r\n";
  std::vector<Message> messages;
  for (unsigned n = 0; n < kEach; ++n) {
    std::string subject = mailbox + " " + std::to_string(n);
    messages.push_back(
        {"Subject: " + subject + "\r\nMessage-ID: <" + std::to_string(n) + "@" + mailbox + ">\r\n\r\n" + body,
         {"\\Seen"},
         "02-Feb-2021 03:04:05 +0100"});
  }
  return messages;
}

void fillMuch(ImapClient client) {
  for (unsigned n = 0; n < kMailboxes; ++n) {
    std::string mailbox = "m" + std::to_string(n);
    client.create(mailbox);
    client.append(mailbox, largeMessages(mailbox));
  }
}

// Those that got in.
long logins(const Dovecot& server, const std::string& user) {
  std::istringstream lines(server.log());
  long count = 0;
  for (std::string line; std::getline(lines, line);)
    for (const char* words : {"Login: user=<", "Logged in: user=<"})  // of Dovecot 2.3 and 2.4
      count += line.find(words + user + ">") != std::string::npos;
  return count;
}

long countOf(const std::string& text, const std::string& what) {
  long count = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
  return count;
}

// Lines of one section each, for `connections` that differ.
Account withConnections(Account account, unsigned connections) {
  account.more.push_back("connections = " + std::to_string(connections));
  return account;
}

// Slow enough that something can happen meanwhile; the remote server is behind it.
struct SlowBed : SavedBed {
  explicit SlowBed(DovecotOptions remoteOptions = {.mailLocation = "sdbox:~/sdbox"})
      : SavedBed({}, std::move(remoteOptions)) {
    fillMuch(alice());
    ImapClient other = bob();
    other.append("INBOX", Corpus(1).smallMessages(20));
  }

  std::string log() const { return readFile(program.directory() / "stderr"); }

  // Kills one of the workers once it has begun to append; what the run says and how it ends.
  Run runAndKill(const std::string& worker, const std::string& onceItSays) {
    Interimap slowly(directory / "slowly", withConnections(cleartext(local.imap(), "alice"), 4),
                     withConnections(cleartext(relay.port(), "bob"), 4));
    BackgroundProcess running = slowly.runInBackground({"--debug"});
    auto text = [&] { return readFile(slowly.directory() / "stderr"); };
    CHECK(eventually([&] { return text().find(onceItSays) != std::string::npos; }));
    auto workers = workersOf(running.pid());
    REQUIRE(workers.contains(worker));
    kill(workers[worker], SIGKILL);
    Run run{running.wait(std::chrono::seconds(120))};
    run.errors = text();
    CHECK(workersOf(running.pid()).empty());
    again = slowly;
    return run;
  }

  Relay relay{remote.imap(), {.octetsPerSecond = 8 << 20}};
  Interimap again = program;
};

}  // namespace

TEST_CASE("connections: four of each side copy a first time; each message is there once") {
  NOT_THE_REFERENCE();
  Bed bed({}, {.mailLocation = "sdbox:~/sdbox"}, {"connections = 4"});
  fillMuch(bed.alice());
  bed.bob().append("INBOX", Corpus(1).smallMessages(20));
  bed.alice().append("INBOX", Corpus(2).smallMessages(20));
  long before = logins(bed.local, "alice"), beforeThere = logins(bed.remote, "bob");
  Run run = bed.program.run();
  requireDone(run);
  INFO(run.log());
  CHECK(logins(bed.local, "alice") - before == 4);
  CHECK(logins(bed.remote, "bob") - beforeThere == 4);
  CHECK(run.says("local/2: C: "));
  CHECK(run.says("remote/4: C: "));
  CHECK_FALSE(run.says("/5: "));
  CHECK(countOf(run.log(), "local: IMAP traffic") == 1);
  CHECK(countOf(run.log(), "remote: IMAP traffic") == 1);
  CHECK_FALSE(run.says("WARNING"));
  for (const char* extra : {"local/2", "local/3", "local/4", "remote/2", "remote/3", "remote/4"}) {
    CAPTURE(extra);
    std::istringstream lines(run.log());
    for (std::string line; std::getline(lines, line);) {
      auto at = line.find(std::string(extra) + ": C: ");
      if (at == std::string::npos) continue;
      CAPTURE(line);
      for (const char* not_its : {"LIST ", "STORE", "EXPUNGE", "CREATE", "SUBSCRIBE", "RENAME"})
        CHECK(line.find(not_its, at) == std::string::npos);
    }
  }
  Snapshot here = bed.here();
  CHECK(here.messages() == kMailboxes * kEach + 40);
  checkEqual(here, bed.there());
  before = logins(bed.local, "alice");
  checkNothingToDo(bed.program);
  CHECK(logins(bed.local, "alice") - before == 1);
}

TEST_CASE("connections: where there is little to copy, or all in one mailbox, there is one") {
  NOT_THE_REFERENCE();
  Bed bed({}, {}, {"connections = 8"});
  bed.alice().append("INBOX", Corpus(1).smallMessages(30));
  ImapClient alice = bed.alice();
  Corpus corpus(2);
  fill(alice, corpus, {"a", "b"}, 10);
  Run run = bed.program.run();
  requireDone(run);
  CHECK_FALSE(run.says("local/2"));
  CHECK_FALSE(run.says("remote/2"));
  for (unsigned n = 0; n < kMailboxes; ++n) alice.append("INBOX", largeMessages("one" + std::to_string(n)));
  run = bed.program.run();
  requireDone(run);
  CHECK_FALSE(run.says("local/2"));
  CHECK_FALSE(run.says("remote/2"));
  checkEqual(bed.here(), bed.there());
}

TEST_CASE("connections: one side may have fewer than the other") {
  NOT_THE_REFERENCE();
  for (auto [local, remote] : {std::pair(1U, 3U), std::pair(4U, 2U)}) {
    CAPTURE(local);
    Bed bed;
    Interimap program(bed.directory / "both", withConnections(cleartext(bed.local.imap(), "alice"), local),
                      withConnections(cleartext(bed.remote.imap(), "bob"), remote));
    fillMuch(bed.alice());
    long before = logins(bed.local, "alice"), beforeThere = logins(bed.remote, "bob");
    Run run = program.run();
    requireDone(run);
    INFO(run.log());
    CHECK(logins(bed.local, "alice") - before == local);
    CHECK(logins(bed.remote, "bob") - beforeThere == remote);
    checkEqual(bed.here(), bed.there());
    checkNothingToDo(program);
  }
}

TEST_CASE("connections: a server that bears only one is content with it") {
  NOT_THE_REFERENCE();
  Bed bed({}, {.extra = "protocol imap {\n mail_max_userip_connections = 1\n}"}, {"connections = 4"});
  fillMuch(bed.alice());
  Run run = bed.program.run();
  requireDone(run);
  INFO(run.log());
  CHECK(run.says("remote/2: WARNING: Going on without this connection: "));
  CHECK(run.says("remote/4: WARNING: Going on without this connection: "));
  CHECK_FALSE(run.says("ERROR"));
  bed.remote.waitUntilIdle();  // nor does it bear the judge beside the program
  checkEqual(bed.here(), bed.there());
  bed.remote.waitUntilIdle();
  checkNothingToDo(bed.program);
}

TEST_CASE_FIXTURE(SlowBed, "connections: one that is killed leaves its mailboxes to the others") {
  NOT_THE_REFERENCE();
  save();
  for (auto [worker, says] :
       {std::pair("remote/2", "remote/2: C: [...]"), std::pair("local/3", "local/3: S: [...]"),
        std::pair("remote/4", "remote/4: S: *")}) {
    CAPTURE(worker);
    restore();
    fs::remove_all(directory / "slowly");
    Run run = runAndKill(worker, says);
    INFO(run.log());
    CHECK(run.exitStatus == 0);
    CHECK(countOf(run.log(), std::string(worker) +
                                 ": WARNING: Going on without this connection: killed by signal SIGKILL") ==
          1);
    Snapshot now = here();
    CHECK(now.messages() == kMailboxes * kEach + 20);
    checkEqual(now, there());
    checkNothingToDo(again);
  }
}

TEST_CASE_FIXTURE(SlowBed, "connections: the first of a side is needed") {
  NOT_THE_REFERENCE();
  Run run = runAndKill("remote", "remote/2: C: [...]");
  INFO(run.log());
  CHECK(run.exitStatus == static_cast<int>(interimap::ExitStatus::internal));
  requireDone(again.run());
  Snapshot now = here();
  CHECK(now.messages() == kMailboxes * kEach + 20);
  checkEqual(now, there());
  checkNothingToDo(again);
}

// With stopAt a write, with kill a moment: whatever was on its way.
TEST_CASE_FIXTURE(SlowBed, "connections: killed with all its processes, and run again: the same end") {
  NOT_THE_REFERENCE();
  save();
  auto several = [&](std::uint16_t port) {
    fs::remove_all(directory / "several");
    return Interimap(directory / "several", withConnections(cleartext(local.imap(), "alice"), 3),
                     withConnections(cleartext(port, "bob"), 4));
  };
  auto converges = [&](const Interimap& interimap) {
    requireDone(interimap.run());
    Snapshot now = here();
    CHECK(now.messages() == kMailboxes * kEach + 20);
    checkEqual(now, there());
    checkNothingToDo(interimap);
  };
  for (int milliseconds : {700, 1100, 1700}) {
    CAPTURE(milliseconds);
    restore();
    Interimap interimap = several(relay.port());
    BackgroundProcess(interimap.command(programPath(), {}), directory / "killed")
        .wait(std::chrono::milliseconds(milliseconds));
    converges(interimap);
  }
  for (const char* stop : {"INTERIMAP_STOP_AT_WRITE=90", "INTERIMAP_STOP_AFTER_WRITE=120"}) {
    CAPTURE(stop);
    restore();
    Interimap interimap = several(remote.imap());
    CHECK(interimap.run({}, {stop}).exitStatus != 0);
    converges(interimap);
  }
}

TEST_CASE("connections: a watcher lets go of those that it does not need") {
  NOT_THE_REFERENCE();
  Bed bed({}, {}, {"connections = 3"});
  requireDone(bed.program.run());
  BackgroundProcess watcher = bed.program.runInBackground({"--notify", "--debug"});
  auto log = [&] { return readFile(bed.program.directory() / "stderr"); };
  REQUIRE(eventually([&] { return log().find("NOTIFY") != std::string::npos; }));
  for (unsigned times = 1; times <= 2; ++times) {
    CAPTURE(times);
    ImapClient alice = bed.alice();
    for (unsigned n = 0; n < kMailboxes; ++n) {
      std::string mailbox = "m" + std::to_string(n);
      if (times == 1) alice.create(mailbox);
    }
    for (unsigned n = 0; n < kMailboxes; ++n)
      alice.append("m" + std::to_string(n),
                   largeMessages("m" + std::to_string(n) + "." + std::to_string(times)));
    CHECK(eventually([&] { return bed.there().messages() == times * kMailboxes * kEach; }));
    CHECK(eventually([&] { return workersOf(watcher.pid()).size() == 3; }));
  }
  watcher.signal(SIGTERM);
  CHECK(watcher.wait(std::chrono::seconds(30)).exitStatus == 0);
  INFO(log());
  CHECK(log().find("WARNING") == std::string::npos);
  checkEqual(bed.here(), bed.there());
}
