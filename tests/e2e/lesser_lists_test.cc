// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Servers that have QRESYNC, but are short of something else: what it is good for is had another way.
#include "tests/e2e/bed.h"
#include "tests/e2e/lesser_server.h"

using namespace interimap::bed;

namespace {

struct Lesser {
  Directory directory;
  Dovecot local{directory / "local"}, remote{directory / "remote"};
  Corpus corpus{5};
  std::optional<LesserServer> lesser;
  std::optional<Interimap> program;

  void behind(LesserOptions options, std::vector<std::string> more = {}) {
    lesser.emplace(remote.imap(), std::move(options));
    program.emplace(directory / "program", cleartext(local.imap(), "alice"), cleartext(lesser->port(), "bob"),
                    std::move(more));
  }
  void equal() {
    checkEqual(Snapshot::of(local.client("alice")), Snapshot::of(remote.client("bob")));
    checkNothingToDo(*program);
  }
};

}  // namespace

TEST_CASE_FIXTURE(Lesser, "any server: mailboxes, subscriptions and counters without their extensions") {
  LesserOptions options = LesserOptions::full();
  std::string without;
  SUBCASE("LIST-EXTENDED") { without = "LIST-EXTENDED"; }
  SUBCASE("LIST-STATUS") { without = "LIST-STATUS"; }
  SUBCASE("UNSELECT") { without = "UNSELECT"; }
  SUBCASE("MULTIAPPEND") { without = "MULTIAPPEND"; }
  SUBCASE("LITERAL+") { without = "LITERAL+"; }
  SUBCASE("NAMESPACE") { without = "NAMESPACE"; }
  SUBCASE("all of these") { without = "LIST-EXTENDED LIST-STATUS UNSELECT MULTIAPPEND LITERAL+ NAMESPACE"; }
  INFO(without);
  std::istringstream names(without);
  for (std::string name; names >> name;) options.hide(name);
  behind(options);
  {
    ImapClient alice = local.client("alice"), bob = remote.client("bob");
    fill(alice, corpus, {"INBOX", "a/b", "Entw&APw-rfe"}, 5);
    fill(bob, corpus, {"INBOX", "a/c d", "only there"}, 5);
    alice.subscribe("a/b");
    bob.subscribe("a/c d");
    bob.create("gone");
    bob.subscribe("gone");
    bob.command("DELETE gone");  // its subscription stays
  }
  requireDone(program->run());
  equal();
  {
    ImapClient alice = local.client("alice"), bob = remote.client("bob");
    alice.unsubscribe("a/c d");
    bob.unsubscribe("a/b");
    bob.subscribe("only there");
    alice.create("new");
    bob.append("INBOX", corpus.smallMessages(2));
    alice.select("INBOX");
    alice.store("1", "+FLAGS (\\Flagged)");
    alice.expunge("2");
  }
  requireDone(program->run());
  equal();
  Run idle = program->run();
  CHECK(idle.commands("remote").size() < 20);
}

TEST_CASE("any server: names below the prefix of the personal namespace are those without it") {
  NOT_THE_REFERENCE();
  const std::string prefix = "namespace inbox {\n prefix = INBOX.\n}";
  DovecotOptions options{.delimiter = '.', .extra = prefix, .extra24 = prefix};
  Corpus corpus(5);
  SUBCASE("a new database") {
    Directory directory;
    Dovecot local(directory / "local"), remote(directory / "remote", options);
    Interimap program(directory / "program", cleartext(local.imap(), "alice"),
                      cleartext(remote.imap(), "bob"));
    ImapClient alice = local.client("alice"), bob = remote.client("bob");
    fill(alice, corpus, {"INBOX", "Work/2026"}, 3);
    fill(bob, corpus, {"INBOX", "INBOX.Sent", "INBOX.a.b"}, 3);
    requireDone(program.run());
    CHECK(alice.select("INBOX") == 6);
    CHECK(bob.select("INBOX") == 6);
    CHECK(bob.select("INBOX.Work.2026") == 3);
    for (const char* mailbox : {"Sent", "a/b"}) CHECK(alice.select(mailbox) == 3);
    checkNothingToDo(program);
    alice.append("Sent", corpus.smallMessages(1));
    bob.create("INBOX.new");
    alice.command("RENAME a/b c");
    requireDone(program.run());
    CHECK(bob.select("INBOX.Sent") == 4);
    CHECK(bob.select("INBOX.c") == 3);
    CHECK(alice.select("new") == 0);
    requireDone(program.run({"--delete", "Sent"}));
    CHECK_FALSE(bob.tryCommand("SELECT INBOX.Sent").ok());
    checkNothingToDo(program);
  }
  SUBCASE("only some mailboxes") {
    Directory directory;
    Dovecot local(directory / "local"), remote(directory / "remote", options);
    Interimap program(directory / "program", cleartext(local.imap(), "alice"),
                      cleartext(remote.imap(), "bob"), {"list-mailbox = Sent INBOX"});
    ImapClient alice = local.client("alice"), bob = remote.client("bob");
    fill(bob, corpus, {"INBOX", "INBOX.Sent", "INBOX.a.b"}, 3);
    requireDone(program.run());
    CHECK(alice.select("INBOX") == 3);
    CHECK(alice.select("Sent") == 3);
    CHECK_FALSE(alice.tryCommand("SELECT a/b").ok());
    requireDone(program.run({"a/b"}));
    CHECK(alice.select("a/b") == 3);
    checkNothingToDo(program);
  }
  SUBCASE("list-reference is as it was") {
    Directory directory;
    Dovecot local(directory / "local"), remote(directory / "remote", options);
    Account account = cleartext(remote.imap(), "bob");
    account.more.push_back("list-reference = INBOX.");
    Interimap program(directory / "program", cleartext(local.imap(), "alice"), account);
    ImapClient alice = local.client("alice"), bob = remote.client("bob");
    fill(bob, corpus, {"INBOX", "INBOX.Sent"}, 3);
    fill(alice, corpus, {"a"}, 1);
    program.run();
    CHECK(alice.select("Sent") == 3);
    CHECK(bob.select("INBOX.a") == 1);
    CHECK(alice.select("INBOX") == 0);
  }
}

TEST_CASE("any server: what shows messages of other mailboxes is left out") {
  NOT_THE_REFERENCE();
  const std::string use = "namespace inbox {\n mailbox \"[Gmail]/All Mail\" {\n  special_use = \\All\n }\n}";
  Bed bed({}, {.extra = use, .extra24 = use});
  Corpus corpus(6);
  ImapClient alice = bed.alice(), bob = bed.bob();
  fill(bob, corpus, {"INBOX", "[Gmail]/All Mail", "[Gmail]/Sent Mail"}, 2);
  Run first = bed.program.run();
  requireDone(first);
  CHECK(first.says("Leaving out [Gmail]/All Mail (\\All)"));
  CHECK(alice.select("[Gmail]/Sent Mail") == 2);
  CHECK_FALSE(alice.tryCommand("SELECT \"[Gmail]/All Mail\"").ok());
  checkNothingToDo(bed.program);
  SUBCASE("unless it is named") {
    requireDone(bed.program.run({"[Gmail]/All Mail"}));
    CHECK(alice.select("[Gmail]/All Mail") == 2);
    requireDone(bed.program.run());  // and then it is left out again, and not forgotten
    requireDone(bed.program.run({"[Gmail]/All Mail"}));
    CHECK(alice.select("[Gmail]/All Mail") == 2);
    CHECK(bob.select("[Gmail]/All Mail") == 2);
  }
  SUBCASE("unless no special use is to be ignored, or another one") {
    for (const std::string uses : {"", "\\junk \\Trash"}) {
      CAPTURE(uses);
      bed.program.configure("ignore-special-use = " + uses + "\n" + bed.program.configuration());
      Run run = bed.program.run();
      requireDone(run);
      CHECK_FALSE(run.says("Leaving out"));
      CHECK(alice.select("[Gmail]/All Mail") == 2);
    }
  }
}

TEST_CASE("any server: which special uses are left out can be said") {
  NOT_THE_REFERENCE();
  const std::string use = "namespace inbox {\n mailbox Trash {\n  special_use = \\Trash\n }\n}";
  Bed bed({.extra = use, .extra24 = use}, {}, {"ignore-special-use = \\All \\trash"});
  Corpus corpus(6);
  ImapClient alice = bed.alice(), bob = bed.bob();
  fill(alice, corpus, {"INBOX", "Trash", "other"}, 2);
  Run run = bed.program.run();
  requireDone(run);
  CHECK(run.says("local: Leaving out Trash (\\Trash) (see ignore-special-use)"));
  CHECK(bob.select("other") == 2);
  CHECK_FALSE(bob.tryCommand("SELECT Trash").ok());
}
