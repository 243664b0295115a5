// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Issue "a session", section "Bad input": a clear message naming side and mailbox, the right exit status,
// nothing lost.
#include <sqlite3.h>

#include "tests/e2e/bed.h"
#include "tests/e2e/fake_server.h"
#include "tests/e2e/relay.h"

using namespace interimap::bed;
using interimap::ExitStatus;

namespace {

// A Dovecot with mail against a server that misbehaves.
struct Faulty {
  Directory directory;
  Dovecot local{directory / "local"};
  FakeServer server;
  Interimap program{directory / "program", cleartext(local.imap(), "alice"), cleartext(server.port(), "bob")};

  Faulty() {
    Corpus corpus(1);
    ImapClient alice = local.client("alice");
    fill(alice, corpus, {"INBOX", "other"}, 10);
  }

  Snapshot here() const { return Snapshot::of(local.client("alice")); }
  Snapshot there() const { return Snapshot::of(ImapClient(server.port(), "bob", "sekrit")); }

  void addRemoteMail(const std::string& mailbox, int count) {
    Corpus corpus(2);
    server.access([&](auto& mailboxes) {
      for (const Message& m : corpus.smallMessages(static_cast<std::size_t>(count)))
        mailboxes[mailbox].add(m.text);
    });
  }

  // Once the fault is over, everything arrives, once.
  void checkRecovers() {
    requireDone(program.run());
    checkEqual(here(), there());
    checkNothingToDo(program);
  }
};

void execute(const fs::path& database, const char* sql) {
  sqlite3* handle = nullptr;
  REQUIRE(sqlite3_open(database.c_str(), &handle) == SQLITE_OK);
  REQUIRE(sqlite3_exec(handle, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(handle);
}

}  // namespace

TEST_CASE_FIXTURE(Faulty, "a server that closes in mid-literal: 69, nothing lost") {
  addRemoteMail("INBOX", 10);
  server.on("UID FETCH .*BODY", 1,
            {.octets = "* 1 FETCH (UID 1 BODY[] {1000}\r\nonly a little", .close = true});
  Run run = program.run();
  checkStatus(run, ExitStatus::unavailable);
  CHECK(run.says("remote"));
  checkRecovers();
  CHECK(here().messages() == 30);
}

TEST_CASE("a connection cut anywhere: nothing lost, nothing twice") {
  NOT_THE_REFERENCE();
  Directory directory;
  Corpus corpus(5);
  for (std::size_t cut : {300u, 900u, 2000u, 4000u, 8000u, 12000u, 20000u}) {
    CAPTURE(cut);
    std::string name = std::to_string(cut);
    Dovecot local(directory / ("local" + name)), remote(directory / ("remote" + name));
    {
      ImapClient alice = local.client("alice"), bob = remote.client("bob");
      fill(alice, corpus, {"INBOX", "here"}, 10);
      fill(bob, corpus, {"INBOX", "there"}, 10);
    }
    fs::path place = directory / ("program" + name);
    {
      Relay relay(remote.imap(), {.cutAfter = cut});
      Run run = Interimap(place, cleartext(local.imap(), "alice"), cleartext(relay.port(), "bob")).run();
      CHECK(run.exitStatus != 0);
    }
    local.waitUntilIdle();
    remote.waitUntilIdle();
    Interimap program(place, cleartext(local.imap(), "alice"), cleartext(remote.imap(), "bob"));
    requireDone(program.run());
    Snapshot here = Snapshot::of(local.client("alice"));
    checkEqual(here, Snapshot::of(remote.client("bob")));
    CHECK(here.messages() == 40);
    checkNothingToDo(program);
  }
}

TEST_CASE("a malformed response is lost, the run is not") {
  NOT_THE_REFERENCE();
  for (const std::string octets :
       {"* 1 FETCH (UID 4294967296 FLAGS (\\Seen))\r\n", "* 1 FETCH (FLAGS (\\Seen)\r\n",
        "* 2 FETCH UID 3\r\n", "* VANISHED *\r\n", "* LIST (\\Noselect \"/\r\n",
        "* STATUS INBOX (UIDNEXT -1)\r\n", "* 99999999999 EXISTS\r\n", "* OK [UIDNEXT 0] zero\r\n", "* \r\n",
        "* 1 FETCH (UID 1 X-NEW {3}\r\na\rb)\r\n"}) {
    CAPTURE(octets);
    Faulty fresh;
    fresh.addRemoteMail("INBOX", 3);
    fresh.server.on("UID FETCH", 1, {.octets = octets, .alsoAnswer = true});
    fresh.server.on("SELECT", 1, {.octets = octets, .alsoAnswer = true});
    Run run = fresh.program.run();
    requireDone(run);
    checkEqual(fresh.here(), fresh.there());
    CHECK(fresh.here().messages() == 23);
  }
}

TEST_CASE_FIXTURE(Faulty, "garbage instead of IMAP: 76") {
  server.on("LIST", 1, {.octets = "HTTP/1.1 400 Bad Request\r\n\r\n", .close = true});
  Run run = program.run();
  CHECK(run.exitStatus != 0);
  CHECK(run.says("remote"));
  checkRecovers();
}

TEST_CASE_FIXTURE(Faulty, "a refused APPEND: that message is reported, all others arrive, 75") {
  NOT_THE_REFERENCE();
  std::vector<MessageState> messages = here().mailboxes.at("INBOX").messages;
  std::string subject = "Subject: " + messages[4].subject;
  server.refuse([&](const std::string& text) {
    return text.find(subject) != std::string::npos ? std::string("[LIMIT] not this one") : std::string();
  });
  Run run = program.run();
  checkStatus(run, ExitStatus::tryAgain);
  CHECK(run.says("not this one"));
  CHECK(run.says("INBOX"));
  CHECK(there().messages() == 19);
  Run again = program.run();
  checkStatus(again, ExitStatus::tryAgain);
  CHECK(there().messages() == 19);
  server.refuse({});
  checkRecovers();
}

TEST_CASE_FIXTURE(Faulty, "a refused CREATE: that mailbox is reported, others are synchronised") {
  NOT_THE_REFERENCE();
  server.on("CREATE", 1, {.octets = "{tag} NO [CANNOT] not this name\r\n"});
  Run run = program.run();
  INFO(run.log());
  CHECK(run.exitStatus != 0);
  CHECK(run.says("not this name"));
  CHECK(there().mailboxes.at("INBOX").messages.size() == 10);
  checkRecovers();
}

TEST_CASE_FIXTURE(Faulty, "a mailbox that cannot be selected fails alone") {
  NOT_THE_REFERENCE();
  server.access([](auto& mailboxes) { mailboxes["other"].uidValidity = 77; });
  server.on("SELECT \"?other", 1, {.octets = "{tag} NO [SERVERBUG] not today\r\n"});
  Run run = program.run();
  CHECK(run.exitStatus != 0);
  CHECK(run.says("other"));
  CHECK(there().mailboxes.at("INBOX").messages.size() == 10);
  checkRecovers();
}

TEST_CASE_FIXTURE(Faulty, "another mailbox of that name: it is left alone, others are synchronised, 65") {
  requireDone(program.run());
  server.access([](auto& mailboxes) {
    mailboxes["other"].uidValidity = 4242;
    mailboxes["other"].messages.resize(5);
  });
  local.client("alice").append("INBOX", Corpus(9).smallMessages(2));
  local.client("alice").append("other", Corpus(10).smallMessages(2));
  Run run = program.run();
  checkStatus(run, ExitStatus::data);
  CHECK(run.says("UIDVALIDITY changed!"));
  CHECK(run.says("4242"));
  NOT_THE_REFERENCE();
  CHECK(run.says("other"));
  CHECK(there().mailboxes.at("INBOX").messages.size() == 12);
  CHECK(there().mailboxes.at("other").messages.size() == 5);
}

TEST_CASE("another mailbox of that name on a real server: 65, nothing transferred") {
  Bed bed;
  Corpus corpus(11);
  {
    ImapClient alice = bed.alice();
    fill(alice, corpus, {"INBOX", "other"}, 3);
  }
  requireDone(bed.program.run());
  bed.remote.doveadm({"mailbox", "update", "-u", "bob", "--uid-validity", "1234567", "other"});
  {
    ImapClient bob = bed.bob();
    bob.select("other");
    bob.expunge("1:3");
  }
  Run run = bed.program.run();
  checkStatus(run, ExitStatus::data);
  CHECK_FALSE(run.sent("APPEND"));
  CHECK_FALSE(run.sent("STORE"));
  CHECK_FALSE(run.sent("UID EXPUNGE"));
  CHECK(bed.here().messages() == 6);
  CHECK(bed.there().messages() == 3);
}

TEST_CASE("the database is locked by another run: 75, before any command") {
  Bed bed;
  requireDone(bed.program.run());
  sqlite3* handle = nullptr;
  REQUIRE(sqlite3_open(bed.program.database().c_str(), &handle) == SQLITE_OK);
  REQUIRE(sqlite3_exec(handle, "BEGIN EXCLUSIVE", nullptr, nullptr, nullptr) == SQLITE_OK);
  Run run = bed.program.run();
  checkStatus(run, ExitStatus::tryAgain);
  CHECK(run.says("database is locked"));
  CHECK(run.commands("local").empty());
  sqlite3_close(handle);
  requireDone(bed.program.run());
}

TEST_CASE("the database is none: 65, the file stays as it is") {
  Bed bed;
  const std::string content(5000, 'x');
  writeFile(bed.program.database(), content);
  Run run = bed.program.run();
  checkStatus(run, ExitStatus::data);
  CHECK(run.says("not a database"));
  CHECK(readFile(bed.program.database()) == content);
}

TEST_CASE("a database of a later version: 65") {
  NOT_THE_REFERENCE();
  Bed bed;
  requireDone(bed.program.run());
  execute(bed.program.database(), "PRAGMA user_version = 2");
  checkStatus(bed.program.run(), ExitStatus::data);
}

TEST_CASE("errors in the configuration: 78, with file and line") {
  Bed bed;
  const std::string good = bed.program.configuration();
  struct Row {
    const char* line;
    const char* says;
  };
  for (const Row& row : {Row{"no equals sign", ":1"}, Row{"nonsense = 1", "Invalid option nonsense"},
                         Row{"type = smtp", "type"}, Row{"list-mailbox = \"unbalanced", "list-mailbox"},
                         Row{"log-prefix = \x01", "log-prefix"}}) {
    CAPTURE(std::string(row.line));
    std::string text = good;
    if (std::string_view(row.line).starts_with("type")) {
      text = text.replace(text.find("type = imap"), 11, row.line);
    } else {
      text = std::string(row.line) + "\n" + text;
    }
    bed.program.configure(text);
    Run run = bed.program.run();
    checkStatus(run, ExitStatus::config);
    CHECK(run.commands("local").empty());
    if (isReference()) continue;
    INFO(run.log());
    CHECK(run.says(row.says));
  }
}

TEST_CASE("a configuration that does not exist: 78 and its name") {
  Bed bed;
  fs::remove(bed.program.directory() / "config/interimap/config");
  Run run = bed.program.run();
  checkStatus(run, ExitStatus::config);
  CHECK(run.says("config/interimap/config"));
}
