// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Which messages are the same: what others put on both sides, what only looks the same, what other programs
// have copied, and servers that were restored or lost their indexes. Numbers as in the list of field reports.
#include <signal.h>

#include <algorithm>
#include <optional>

#include "tests/e2e/bed.h"
#include "tests/e2e/eventually.h"

using namespace interimap::bed;
using interimap::ExitStatus;
using namespace std::chrono_literals;

namespace {

const std::string kDate = "02-Feb-2021 03:04:05 +0000";

Message message(const std::string& name, const std::string& body = "hello\r\n", const std::string& more = "",
                const std::string& date = kDate) {
  return {more + "Message-ID: <" + name + "@example>\r\nSubject: " + name + "\r\n\r\n" + body, {}, date};
}

std::vector<Message> messages(const std::string& name, int count, const std::string& more = "") {
  std::vector<Message> out;
  for (int i = 0; i < count; ++i) out.push_back(message(name + std::to_string(i), "hello\r\n", more));
  return out;
}

std::size_t count(ImapClient client, const std::string& mailbox = "INBOX") { return client.select(mailbox); }

std::string subjects(ImapClient client, const std::string& mailbox = "INBOX") {
  std::vector<std::string> found;
  if (client.select(mailbox) == 0) return "";
  for (const std::string& response : client.command("UID FETCH 1:* (BODY.PEEK[HEADER])").responses) {
    auto at = response.find("Subject: ");
    if (at != response.npos) found.push_back(response.substr(at + 9, response.find('\r', at) - at - 9));
  }
  std::sort(found.begin(), found.end());
  std::string out;
  for (const std::string& each : found) out += each + " ";
  return out;
}

// Another machine that synchronises the same two accounts.
struct TwoInstallations : Bed {
  TwoInstallations()
      : another(directory / "another", cleartext(local.imap(), "alice"), cleartext(remote.imap(), "bob")) {
    bob().append("INBOX", messages("first", 5));
    requireDone(program.run());
    requireDone(another.run());
  }
  Interimap another;
};

}  // namespace

TEST_CASE_FIXTURE(TwoInstallations, "field 2: two installations, in turns: one copy on each server") {
  NOT_THE_REFERENCE();
  CHECK(count(alice()) == 5);
  for (int round = 0; round < 4; ++round) {
    if (round == 0) bob().append("INBOX", messages("b", 2));
    if (round == 1) alice().append("INBOX", messages("a", 2));
    requireDone(program.run());
    requireDone(another.run());
  }
  CHECK(count(alice()) == 9);
  checkEqual(here(), there());
  checkNothingToDo(program);
  checkNothingToDo(another);
  // One of them expunges what was found.
  {
    ImapClient client = alice();
    client.select("INBOX");
    client.expunge("6:7");
  }
  requireDone(another.run());
  requireDone(program.run());
  CHECK(count(bob()) == 7);
  checkEqual(here(), there());
}

TEST_CASE_FIXTURE(TwoInstallations, "field 2: two installations at the same time: one copy on each server") {
  NOT_THE_REFERENCE();
  std::size_t expected = 5;
  for (int round = 0; round < 6; ++round) {
    CAPTURE(round);
    alice().append("INBOX", messages("a" + std::to_string(round) + "-", 20));
    bob().append("INBOX", messages("b" + std::to_string(round) + "-", 20));
    expected += 40;
    BackgroundProcess first = program.runInBackground({"--quiet"}),
                      second = another.runInBackground({"--quiet"});
    first.wait(60s);
    second.wait(60s);
    for (int i = 0; i < 3; ++i) {
      program.run();
      another.run();
    }
    CHECK(count(alice()) == expected);
    CHECK(count(bob()) == expected);
    checkEqual(here(), there());
  }
}

TEST_CASE_FIXTURE(TwoInstallations, "field 2: two watchers of one pair come to rest") {
  NOT_THE_REFERENCE();
  BackgroundProcess first = program.runInBackground({"--notify", "--quiet"}),
                    second = another.runInBackground({"--notify", "--quiet"});
  std::size_t expected = 5;
  auto isEqual = [&] {
    try {
      return count(alice()) == expected && count(bob()) == expected && difference(here(), there()).empty();
    } catch (const std::runtime_error&) {  // expunged while we looked
      return false;
    }
  };
  for (int round = 0; round < 4; ++round) {
    CAPTURE(round);
    (round % 2 == 0 ? bob() : alice()).append("INBOX", messages("w" + std::to_string(round) + "-", 3));
    expected += 3;
    CHECK(eventually(isEqual));
  }
  // And stay at rest.
  CHECK_FALSE(eventually([&] { return !isEqual(); }, 4s));
  for (BackgroundProcess* each : {&first, &second}) {
    each->signal(SIGTERM);
    each->wait(10s);
  }
}

TEST_CASE("field 2: a database restored from a backup copies nothing again") {
  NOT_THE_REFERENCE();
  Bed bed;
  bed.bob().append("INBOX", messages("old", 5));
  requireDone(bed.program.run());
  fs::path data = bed.program.directory() / "data", saved = bed.directory / "saved";
  copyTree(data, saved);
  bed.bob().append("INBOX", messages("new", 10));
  bed.alice().append("INBOX", messages("mine", 3));
  requireDone(bed.program.run());
  fs::remove_all(data);
  copyTree(saved, data);
  Run run = bed.program.run();
  requireDone(run);
  CHECK_FALSE(run.sent("APPEND"));
  CHECK(count(bed.alice()) == 18);
  checkEqual(bed.here(), bed.there());
  checkNothingToDo(bed.program);
}

TEST_CASE("field 2: the same messages filed on both sides are not doubled, others are copied") {
  NOT_THE_REFERENCE();
  Bed bed;
  bed.bob().append("INBOX", messages("old", 5));
  requireDone(bed.program.run());
  std::vector<Message> both = messages("both", 3), later = both;
  for (Message& it : later) it.internalDate = "03-Feb-2021 03:04:05 +0000";
  bed.alice().append("INBOX", both);
  bed.bob().append("INBOX", later);
  bed.alice().append("INBOX", messages("mine", 1));
  bed.bob().append("INBOX", messages("your", 1));  // of the same size
  requireDone(bed.program.run());
  CHECK(count(bed.alice()) == 10);  // each keeps its date
  CHECK(subjects(bed.alice()) == subjects(bed.bob()));
  checkNothingToDo(bed.program);
}

TEST_CASE("field 2: in a ring of three servers every message is there once") {
  NOT_THE_REFERENCE();
  Directory directory;
  std::vector<std::unique_ptr<Dovecot>> servers;
  for (const char* name : {"a", "b", "c"}) servers.push_back(std::make_unique<Dovecot>(directory / name));
  std::vector<Interimap> pairs;
  for (std::size_t i = 0; i < 3; ++i)
    pairs.emplace_back(directory / ("pair" + std::to_string(i)), cleartext(servers[i]->imap(), "alice"),
                       cleartext(servers[(i + 1) % 3]->imap(), "alice"));
  auto client = [&](std::size_t i) { return servers[i]->client("alice"); };
  client(0).append("INBOX", messages("first", 3));
  for (int cycle = 0; cycle < 2; ++cycle)
    for (Interimap& pair : pairs) requireDone(pair.run());
  std::size_t expected = 3;
  for (std::size_t at = 0; at < 3; ++at) {
    client(at).append("INBOX", messages("r" + std::to_string(at), 2));
    expected += 2;
    for (int cycle = 0; cycle < 3; ++cycle) {
      if (at == 1) {  // all at once
        std::vector<BackgroundProcess> running;
        for (Interimap& pair : pairs) running.push_back(pair.runInBackground({"--quiet"}));
        for (BackgroundProcess& each : running) each.wait(60s);
      } else {
        for (Interimap& pair : pairs) requireDone(pair.run());
      }
    }
    for (std::size_t i = 0; i < 3; ++i) CHECK(count(client(i)) == expected);
  }
  for (Interimap& pair : pairs) checkNothingToDo(pair);
}

TEST_CASE("field 5: messages that only look the same are two, and one that is expunged takes none with it") {
  NOT_THE_REFERENCE();
  for (const bool first : {true, false}) {
    CAPTURE(first);
    Bed bed;
    if (!first) {
      bed.alice().append("INBOX", messages("old", 2));
      requireDone(bed.program.run());
    }
    std::size_t old = first ? 0 : 2;
    bed.alice().append("INBOX", {message("draft", "meet me at 10:00\r\n"), message("", "web is fine\r\n")});
    bed.bob().append("INBOX", {message("draft", "meet me at 18:30\r\n"), message("", "disk broken\r\n")});
    requireDone(bed.program.run());
    CHECK(count(bed.alice()) == old + 4);
    CHECK(count(bed.bob()) == old + 4);
    CHECK(difference(bed.here(), bed.there()) == "");
    {
      ImapClient alice = bed.alice();
      alice.select("INBOX");
      alice.expunge(std::to_string(old + 1) + ":" + std::to_string(old + 2));
    }
    requireDone(bed.program.run());
    CHECK(count(bed.bob()) == old + 2);
    CHECK(difference(bed.here(), bed.there()) == "");
    checkNothingToDo(bed.program);
  }
}

TEST_CASE("field 22: what mbsync or OfflineIMAP has copied is paired") {
  NOT_THE_REFERENCE();
  for (const std::string mark :
       {"X-TUID: yGpLnPnFGpXM\r\n", "X-OfflineIMAP: 1234567890-0123456789\r\n", "x-offlineimap: 1-2\r\n"}) {
    CAPTURE(mark);
    Bed bed;
    bed.alice().append("INBOX", messages("m", 30));
    bed.bob().append("INBOX", messages("m", 30, mark));
    Run run = bed.program.run();
    requireDone(run);
    CHECK_FALSE(run.sent("APPEND"));
    CHECK(count(bed.alice()) == 30);
    CHECK(count(bed.bob()) == 30);
    // Later on, too.
    bed.alice().append("INBOX", messages("n", 3, mark));
    bed.bob().append("INBOX", messages("n", 3));
    run = bed.program.run();
    requireDone(run);
    CHECK_FALSE(run.sent("APPEND"));
    checkNothingToDo(bed.program);
  }
}

TEST_CASE("field 22: a first run that would double most messages asks first") {
  NOT_THE_REFERENCE();
  Bed bed;
  bed.alice().append("INBOX", messages("m", 20));
  bed.bob().append("INBOX", messages("m", 20, "X-Rewritten-By: some server\r\n"));
  bed.bob().append("INBOX", messages("n", 2));
  for (int runs = 0; runs < 2; ++runs) {
    Run run = bed.program.run();
    checkStatus(run, ExitStatus::data);
    INFO(run.log());
    CHECK_FALSE(run.sent("APPEND"));
    CHECK(run.says("20 of 20"));
    CHECK(run.says("--adopt=message-id"));
    CHECK(count(bed.alice()) == 20);
    CHECK(count(bed.bob()) == 22);
  }
  Run run = bed.program.run({"--debug", "--adopt=message-id"});
  requireDone(run);
  CHECK(count(bed.alice()) == 22);
  CHECK(count(bed.bob()) == 22);
  checkNothingToDo(bed.program);
}

TEST_CASE("field 3: local and remote are one account: refused, and nothing is written") {
  NOT_THE_REFERENCE();
  struct Row {
    const char *host, *localMore, *remoteMore;
    bool refused;
  };
  for (const Row& row : {Row{"127.0.0.1", "", "", true}, Row{"localhost", "", "", true},
                         Row{"localhost", "", "list-reference = copy/", true},
                         Row{"127.0.0.1", "list-reference = copy/", "", true},
                         Row{"localhost", "list-reference = mine/", "list-reference = copy/", false}}) {
    CAPTURE(std::string(row.host));
    CAPTURE(std::string(row.remoteMore));
    Directory directory;
    Dovecot server(directory / "server");
    Account local = cleartext(server.imap(), "alice"), remote = local;
    remote.host = row.host;
    if (*row.localMore) local.more.push_back(row.localMore);
    if (*row.remoteMore) remote.more.push_back(row.remoteMore);
    Interimap program(directory / "program", local, remote);
    server.client("alice").append("INBOX", messages("m", 3));
    server.client("alice").create("work");
    Snapshot before = Snapshot::of(server.client("alice"));
    for (int runs = 0; runs < 2; ++runs) {
      Run run = program.run();
      INFO(run.log());
      CHECK(run.exitStatus == (row.refused ? 78 : 0));
      CHECK_FALSE(run.sent("APPEND"));
      if (!row.refused) continue;
      CHECK(run.says("one account"));
      CHECK(difference(before, Snapshot::of(server.client("alice"))) == "");
    }
  }
}

TEST_CASE("field 3: what a kill has left of the probe for one account goes with the next run") {
  NOT_THE_REFERENCE();
  for (const char* reference : {"", "list-reference = copy/"}) {
    bool left = false;
    for (int write = 1; write <= 3; ++write) {
      CAPTURE(std::string(reference));
      CAPTURE(write);
      Directory directory;
      Dovecot server(directory / "server");
      Account local = cleartext(server.imap(), "alice"), remote = local;
      if (*reference) remote.more.push_back(reference);
      Interimap program(directory / "program", local, remote);
      server.client("alice").append("INBOX", messages("m", 3));
      Snapshot before = Snapshot::of(server.client("alice"));
      program.run({}, {"INTERIMAP_STOP_AT_WRITE=" + std::to_string(write)});
      const bool isLeft = !difference(before, Snapshot::of(server.client("alice"))).empty();
      left = left || isLeft;
      CHECK_FALSE(program.run({"--dry-run"}).says("interimap-probe"));
      Run next = program.run();
      INFO(next.log());
      CHECK(next.exitStatus == 78);
      CHECK(next.says("Removing") == isLeft);
      CHECK(difference(before, Snapshot::of(server.client("alice"))) == "");
    }
    CHECK(left);
  }
}

TEST_CASE("field 6: a server that was restored and has caught up: nothing is expunged for other messages") {
  NOT_THE_REFERENCE();
  for (const bool expungedFirst : {false, true}) {
    CAPTURE(expungedFirst);
    Bed bed;
    bed.bob().append("INBOX", messages("old", 10));
    bed.remote.waitUntilIdle();
    fs::path saved = bed.directory / "saved";
    copyTree(bed.remote.home("bob"), saved);
    bed.bob().append("INBOX", messages("today", 5));
    requireDone(bed.program.run());
    bed.bob().select("INBOX");
    bed.remote.waitUntilIdle();
    bed.remote.stop();
    fs::remove_all(bed.remote.home("bob"));
    copyTree(saved, bed.remote.home("bob"));
    bed.remote.start();
    bed.bob().append("INBOX", messages("queued", 7));
    auto expunge = [&] {
      ImapClient alice = bed.alice();
      alice.select("INBOX");
      alice.expunge("11:15");
    };
    if (expungedFirst) expunge();
    for (int runs = 0; runs < 2; ++runs) {
      Run run = bed.program.run();
      checkStatus(run, ExitStatus::data);
      INFO(run.log());
      CHECK(run.says("restored from a backup"));
      CHECK_FALSE(run.sent("EXPUNGE"));
      CHECK(subjects(bed.bob()).find("queued0 queued1 queued2 queued3 queued4 queued5 queued6") !=
            std::string::npos);
      if (runs == 0 && !expungedFirst) expunge();
    }
    Run run = bed.program.run({"--debug", "--adopt"});
    requireDone(run);
    CHECK(count(bed.alice()) == 17);
    checkEqual(bed.here(), bed.there());
    checkNothingToDo(bed.program);
  }
}

TEST_CASE("field 21: an index that was rebuilt: all is compared, and what was expunged meanwhile stays so") {
  NOT_THE_REFERENCE();
  struct Row {
    const char *expunged, *left;
    int more;  // changes, so that HIGHESTMODSEQ grows past what it was
  };
  for (const Row& row : {Row{"2", "m0 m2 m3 m4 m5 n0 ", 0}, Row{"2", "m0 m2 m3 m4 m5 n0 ", 40},
                         Row{"1,5:6", "m1 m2 m3 n0 ", 40}, Row{"7", "m0 m1 m2 m3 m4 m5 ", 40}}) {
    CAPTURE(std::string(row.expunged));
    CAPTURE(row.more);
    Bed bed;
    bed.bob().append("INBOX", messages("m", 6));
    {
      ImapClient bob = bed.bob();
      bob.select("INBOX");
      for (int i = 0; i < 12; ++i)
        bob.store("1:6", i % 2 == 0 ? "+FLAGS (\\Answered)" : "-FLAGS (\\Answered)");
    }
    requireDone(bed.program.run());
    bed.remote.waitUntilIdle();
    bed.remote.stop();
    for (const auto& entry : fs::recursive_directory_iterator(bed.remote.home("bob")))
      if (entry.path().filename().string().starts_with("dovecot.index") ||
          entry.path().filename().string().starts_with("dovecot.list.index"))
        fs::remove(entry.path());
    bed.remote.start();
    {
      ImapClient bob = bed.bob();
      bob.append("INBOX", messages("n", 1));
      bob.select("INBOX");
      bob.store("3", "+FLAGS (\\Flagged)");
      bob.expunge(row.expunged);
      for (int i = 0; i < row.more; ++i)
        bob.store("4", i % 2 == 0 ? "+FLAGS (\\Answered)" : "-FLAGS (\\Answered)");
    }
    Run run = bed.program.run();
    INFO(run.log());
    requireDone(run);
    checkEqual(bed.here(), bed.there());
    CHECK(subjects(bed.alice()) == row.left);
    checkNothingToDo(bed.program);
  }
}
