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
