// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// delete-mailboxes: what was deleted on one side is deleted on the other, and what speaks against it.
#include <algorithm>
#include <string>

#include "tests/e2e/saved_bed.h"
#include "tests/e2e/sql.h"

using namespace interimap::bed;
using interimap::ExitStatus;

namespace {

// sdbox, as maildir lists the parent of a mailbox as if it could be selected.
struct Deleting : SavedBed {
  explicit Deleting(const std::string& value, const std::vector<std::string>& mailboxes,
                    std::size_t messages = 3)
      : SavedBed({.mailLocation = "sdbox:~/sdbox"}, {.delimiter = '.', .mailLocation = "sdbox:~/sdbox"}),
        plain("delete-mailboxes = " + value + "\n" + program.configuration()) {
    program.configure(plain);
    ImapClient first = alice();
    fill(first, corpus, {"INBOX", "stays"}, 2);
    fill(first, corpus, mailboxes, messages);
    for (const std::string& name : mailboxes) first.subscribe(name);
    synchronise(*this);
  }
  std::string plain;
  Corpus corpus{7};
};

bool isThere(const Snapshot& side, const std::string& name) { return side.mailboxes.contains(name); }

std::size_t subscriptions(ImapClient client) {
  return client.command("LIST (SUBSCRIBED) \"\" *").responses.size();
}

}  // namespace

TEST_CASE("delete-mailboxes = empty: a mailbox without messages goes, one with messages stays") {
  NOT_THE_REFERENCE();
  Deleting bed("empty", {"full"});
  {
    ImapClient alice = bed.alice();
    for (const char* name : {"e", "e/below", "f"}) {
      alice.create(name);
      alice.subscribe(name);
    }
  }
  synchronise(bed);
  for (const char* name : {"e", "full"}) bed.alice().command(std::string("DELETE ") + name);
  bed.bob().command("DELETE f");
  Run dry = bed.program.run({"--dry-run"});
  CHECK(dry.says("remote: Would delete mailbox e, which is gone from local"));
  CHECK(dry.says("local: Would delete mailbox f, which is gone from remote"));
  CHECK(dry.says("Would not delete full: 3 message(s) in it (delete-mailboxes = empty)"));
  CHECK(isThere(bed.there(), "e"));
  Run run = bed.program.run();
  checkStatus(run, ExitStatus::data);
  CHECK(run.says("remote: Deleted mailbox e"));
  CHECK(run.says("database: Removed mailbox e"));
  CHECK(run.says("Mailbox full exists. Run `interimap --target=database --delete full` to delete."));
  CHECK(run.says("3 message(s) in it (delete-mailboxes = empty)"));
  CHECK_FALSE(isThere(bed.there(), "e"));
  CHECK_FALSE(isThere(bed.here(), "f"));
  CHECK(isThere(bed.there(), "e/below"));
  CHECK(bed.there().mailboxes.at("full").messages.size() == 3);
  CHECK(subscriptions(bed.bob()) == 2);  // full, e.below
  bed.bob().command("DELETE full");
  synchronise(bed);
  checkNothingToDo(bed.program);
}

TEST_CASE("delete-mailboxes = yes: with its messages, once nothing is new in it and many are confirmed") {
  NOT_THE_REFERENCE();
  Deleting bed("yes", {"few", "news", "flagged"});
  {
    ImapClient alice = bed.alice();
    for (const char* name : {"few", "news", "flagged"}) alice.command(std::string("DELETE ") + name);
    ImapClient bob = bed.bob();
    bob.append("news", bed.corpus.smallMessages(1));
    bob.select("flagged");
    bob.store("1", "+FLAGS (later)");
  }
  CHECK(bed.program.run({"--dry-run"}).says("Would not delete mailbox news"));
  Run run = bed.program.run();
  requireDone(run);
  CHECK(run.says(
      "remote: Not deleting mailbox news, which is gone from local: 4 message(s) in it, 1 of them new"));
  CHECK_FALSE(isThere(bed.there(), "few"));
  checkEqual(bed.here(), bed.there());
  CHECK(bed.here().mailboxes.at("news").messages.size() == 4);
  CHECK(bed.here().mailboxes.at("flagged").messages.size() == 3);
  checkNothingToDo(bed.program);

  fill(*std::make_unique<ImapClient>(bed.alice()), bed.corpus, {"many"}, 21);
  synchronise(bed);
  bed.bob().command("DELETE many");
  for (int runs = 0; runs < 2; ++runs) {
    run = bed.program.run();
    checkStatus(run, ExitStatus::tryAgain);
    CHECK(
        run.says("local: ERROR: Not deleting mailbox many, which is gone from remote: 21 message(s) in it"));
    CHECK(bed.here().mailboxes.at("many").messages.size() == 21);
  }
  SUBCASE("ten minutes later") {
    sql(bed.program.database(), "UPDATE ours_brake SET since = since - 600");
    requireDone(bed.program.run());
  }
  SUBCASE("forced") { requireDone(bed.program.run({"--force-deletions"})); }
  CHECK_FALSE(isThere(bed.here(), "many"));
  checkNothingToDo(bed.program);
}

TEST_CASE("delete-mailboxes: made anew under its name, renamed, or all at once: none is deleted") {
  NOT_THE_REFERENCE();
  Deleting bed("yes", {"anew", "renamed"});
  {
    ImapClient alice = bed.alice();
    alice.command("DELETE anew");
    alice.create("anew");
    alice.command("RENAME renamed called");
  }
  Run run = bed.program.run();
  CHECK_FALSE(run.sent("DELETE"));
  CHECK(bed.there().mailboxes.at("called").messages.size() == 3);
  CHECK(bed.there().mailboxes.at("anew").messages.size() == 3);
  for (const char* name : {"anew", "called", "stays"}) bed.alice().command(std::string("DELETE ") + name);
  run = bed.program.run();
  CHECK(run.exitStatus != 0);
  CHECK_FALSE(run.sent("DELETE"));
  CHECK(run.says("all mailboxes but INBOX are gone from local at once"));
}

TEST_CASE("delete-mailboxes: [mailbox PATTERN] says otherwise, and what is never deleted is nobody's error") {
  NOT_THE_REFERENCE();
  Deleting bed("yes", {"keep", "go", "report"});
  bed.program.configure(bed.plain +
                        "\n[mailbox keep]\ndeletions = never\n[mailbox report]\ndelete-mailboxes = no\n");
  for (const char* name : {"keep", "go"}) bed.alice().command(std::string("DELETE ") + name);
  CHECK(bed.program.run({"--dry-run"}).says("Would not delete keep: deletions = never of [mailbox keep]"));
  requireDone(bed.program.run());
  CHECK(isThere(bed.there(), "keep"));
  CHECK_FALSE(isThere(bed.here(), "keep"));
  CHECK_FALSE(isThere(bed.there(), "go"));
  checkNothingToDo(bed.program);
  bed.alice().command("DELETE report");
  checkStatus(bed.program.run(), ExitStatus::data);
  CHECK(isThere(bed.there(), "report"));
}

TEST_CASE("delete-mailboxes: killed at every write, a deletion ends as one without kills") {
  NOT_THE_REFERENCE();
  Deleting bed("yes", {"a", "a/b", "b"});
  bed.alice().command("DELETE a");
  bed.bob().command("DELETE b");
  bed.bob().command("DELETE a.b");
  bed.alice().append("stays", bed.corpus.smallMessages(1));
  bed.save();
  requireDone(bed.program.run());
  const Snapshot expected = bed.here();
  CHECK_FALSE(isThere(expected, "a"));
  CHECK_FALSE(isThere(expected, "a/b"));
  CHECK_FALSE(isThere(expected, "b"));
  for (const std::string when : {"INTERIMAP_STOP_AT_WRITE=", "INTERIMAP_STOP_AFTER_WRITE="}) {
    int n = 1;
    for (; n <= 200; ++n) {
      INFO(when, n);
      bed.restore();
      if (bed.program.run({"--debug"}, {when + std::to_string(n)}).exitStatus == 0) break;
      bed.checkConverges(expected);
      CHECK(subscriptions(bed.alice()) == 0);
      CHECK(subscriptions(bed.bob()) == 0);
      CHECK(sql(bed.program.database(), "SELECT count(*) FROM ours_undertaking").starts_with("0"));
    }
    MESSAGE(when, ": ", n - 1, " writes");
    CHECK(n > 6);
    CHECK(n <= 200);
  }
}
