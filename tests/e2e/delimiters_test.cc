// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Acceptance scenarios 47 to 49: servers that write their hierarchies differently, and accounts below a
// prefix.
#include "tests/e2e/oracle.h"
#include "tests/e2e/scripted.h"
#include "tests/e2e/sql.h"

using namespace interimap::bed;

namespace {

std::string knownNames(const fs::path& database) {
  return sql(database, "SELECT hex(mailbox) FROM mailboxes ORDER BY 1");
}

std::string hex(std::string_view octets) {
  std::string text;
  for (unsigned char c : octets) {
    for (int digit : {c >> 4, c & 15}) text += "0123456789ABCDEF"[digit];
  }
  return text;
}

void checkRefusedForDelimiters(const Run& run, interimap::ExitStatus status, const char* text) {
  checkStatus(run, status);
  INFO(run.log());
  CHECK(run.says(text));
  CHECK(run.changes() == "");
}

}  // namespace

TEST_CASE("scenario 47: a hierarchy is mirrored between / and . and stored with neither") {
  Bed bed({.delimiter = '/'}, {.delimiter = '.'});
  Corpus corpus(3);
  {
    ImapClient alice = bed.alice(), bob = bed.bob();
    fill(alice, corpus, {"a/b/c", "INBOX/child"}, 3);
    fill(bob, corpus, {"x.y", "INBOX.other"}, 3);
    alice.subscribe("a/b/c");
  }
  synchronise(bed);
  CHECK(bed.bob().select("a.b.c") == 3);
  CHECK(bed.bob().select("INBOX.child") == 3);
  CHECK(bed.alice().select("x/y") == 3);
  std::string known = knownNames(bed.program.database());
  CHECK(known.find(hex(std::string_view("a\0b\0c", 5)) + "\n") != std::string::npos);
  CHECK(known.find(hex(std::string_view("x\0y", 3)) + "\n") != std::string::npos);
  CHECK(known.find("2F") == std::string::npos);
  CHECK(known.find("2E") == std::string::npos);
  Run perl = bed.program.runWith(kPerl);
  requireDone(perl);
  CHECK(perl.changes() == "");
}

TEST_CASE("scenario 47: a server's delimiter may change between runs") {
  Directory directory;
  Dovecot local(directory / "local", {.delimiter = '/'});
  Corpus corpus(4);
  Dovecot remote(directory / "remote", {.delimiter = '.'});
  {
    ImapClient alice = local.client("alice");
    fill(alice, corpus, {"a/b"}, 3);
  }
  Interimap program(directory / "program", cleartext(local.imap(), "alice"), cleartext(remote.imap(), "bob"));
  requireDone(program.run());
  Dovecot changed(directory / "changed", {.delimiter = '^'});
  remote.waitUntilIdle();
  copyTree(remote.home("bob"), changed.home("bob"));
  Interimap after(directory / "after", cleartext(local.imap(), "alice"), cleartext(changed.imap(), "bob"));
  copyTree(program.database(), after.database());
  checkNothingToDo(after);
  local.client("alice").append("a/b", corpus.smallMessages(1));
  requireDone(after.run());
  CHECK(changed.client("bob").select("a^b") == 4);
}

TEST_CASE("scenario 47, W12: a name that holds the other side's delimiter is reported and left alone") {
  NOT_THE_REFERENCE();
  Bed bed({.delimiter = '/', .mailLocation = "sdbox:~/sdbox"}, {.delimiter = '.'});
  Corpus corpus(5);
  {
    ImapClient alice = bed.alice();
    fill(alice, corpus, {"INBOX", "a.b", "c/d"}, 2);
  }
  for (int runs = 0; runs < 2; ++runs) {
    Run run = bed.program.run();
    INFO(run.log());
    CHECK(run.exitStatus != 0);
    CHECK(run.says("a.b"));
    Snapshot there = bed.there();
    CHECK(there.mailboxes.at("c/d").messages.size() == 2);
    CHECK_FALSE(there.mailboxes.contains("a/b"));
    CHECK_FALSE(bed.here().mailboxes.contains("a/b"));
    CHECK(bed.here().mailboxes.at("a.b").messages.size() == 2);
  }
  CHECK(bed.program.run().changes() == "");
}

TEST_CASE("scenario 48: backslash, quote, or no delimiter at all") {
  struct Row {
    char local, remote;
    const char *here, *there;
  };
  for (const Row& row :
       {Row{'\\', '"', "a\\b\\c", "a\"b\"c"}, {'"', '/', "x\"y", "x/y"}, {'\0', '\0', "flat", "flat"}}) {
    CAPTURE(std::string(row.here));
    Scripted bed({.delimiter = row.local}, {.delimiter = row.remote});
    Scripted::add(bed.local, row.here, 2, 1);
    requireDone(bed.program.run());
    CHECK(bed.bob().select(row.there) == 2);
    checkNothingToDo(bed.program);
    bed.bob().append(row.there, Corpus(2).smallMessages(1));
    requireDone(bed.program.run());
    CHECK(bed.alice().select(row.here) == 3);
    checkNothingToDo(bed.program);
  }
}

TEST_CASE("scenario 48: one server flat and the other not") {
  Scripted bed({.delimiter = '/'}, {.delimiter = '\0'});
  Scripted::add(bed.local, "a/b", 1, 1);
  checkRefusedForDelimiters(bed.program.run(), interimap::ExitStatus::data,
                            "neither both flat nor both hierarchical");
  CHECK(bed.bob().command("LIST \"\" *").responses.size() == 1);
}

TEST_CASE("scenario 48: two delimiters on one server") {
  Scripted bed;
  bed.remote.on("LIST", 1,
                {.octets = "* LIST () \"/\" one\r\n* LIST () \".\" two\r\n* LIST () NIL INBOX\r\n"
                           "{tag} OK done\r\n"});
  Run run = bed.program.run();
  checkRefusedForDelimiters(run, interimap::ExitStatus::protocol, "hierarchy delimiter");
  CHECK(run.says("two"));
  bed.checkRecovers();
}

TEST_CASE("scenario 49: an account below a prefix of the other") {
  Directory directory;
  Dovecot local(directory / "local"), remote(directory / "remote");
  Corpus corpus(5);
  {
    ImapClient alice = local.client("alice"), bob = remote.client("bob");
    fill(alice, corpus, {"INBOX", "work/keep out"}, 2);
    fill(bob, corpus, {"INBOX", "a/b"}, 3);
  }
  Account account = cleartext(local.imap(), "alice");
  account.more.push_back("list-reference = perso/");
  Interimap program(directory / "program", account, cleartext(remote.imap(), "bob"));
  requireDone(program.run());
  checkEqual(Snapshot::of(local.client("alice"), "perso/"), Snapshot::of(remote.client("bob")));
  CHECK(local.client("alice").select("perso/INBOX") == 3);
  CHECK(Snapshot::of(remote.client("bob")).messages() == 6);
  checkNothingToDo(program);
}

TEST_CASE("scenario 49: two accounts below two prefixes do not mix") {
  Directory directory;
  Dovecot local(directory / "local"), first(directory / "first"),
      second(directory / "second", {.delimiter = '.'});
  Corpus corpus(6);
  {
    ImapClient bob = first.client("bob"), carol = second.client("carol"), alice = local.client("alice");
    alice.append("INBOX", corpus.smallMessages(1));
    fill(bob, corpus, {"INBOX", "debian/devel", "archives"}, 2);
    fill(carol, corpus, {"INBOX", "INBOX.todo", "attic"}, 3);
  }
  auto below = [&](const char* reference) {
    Account account = cleartext(local.imap(), "alice");
    account.more.push_back(std::string("list-reference = ") + reference);
    return account;
  };
  Interimap perso(directory / "perso", below("perso/"), cleartext(first.imap(), "bob"));
  Interimap work(directory / "work", below("work/"), cleartext(second.imap(), "carol"));
  for (int round = 0; round < 2; ++round) {
    for (const Interimap* program : {&perso, &work}) requireDone(program->run());
    checkEqual(Snapshot::of(local.client("alice"), "perso/"), Snapshot::of(first.client("bob")));
    checkEqual(Snapshot::of(local.client("alice"), "work/"), Snapshot::of(second.client("carol")));
    ImapClient alice = local.client("alice");
    CHECK(alice.select("INBOX") == 1);
    CHECK(alice.select("perso/INBOX") == 2 + (round == 0 ? 0u : 1u));
    CHECK(alice.select("work/INBOX/todo") == 3);
    if (round == 0) alice.append("perso/INBOX", corpus.smallMessages(1));
  }
  CHECK(first.client("bob").select("INBOX") == 3);
  for (const Interimap* program : {&perso, &work}) checkNothingToDo(*program);
}
