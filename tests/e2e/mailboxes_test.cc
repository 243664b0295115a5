#include "tests/e2e/bed.h"

using namespace interimap::bed;
using interimap::ExitStatus;

TEST_CASE("mailboxes are created on the other side, with what is in them") {
  Bed bed;
  Corpus corpus(1);
  requireDone(bed.program.run());
  {
    ImapClient alice = bed.alice(), bob = bed.bob();
    fill(alice, corpus, {"new/here/deep"}, 3);
    fill(bob, corpus, {"new/there"}, 3);
  }
  synchronise(bed);
  CHECK(bed.there().mailboxes.at("new/here/deep").messages.size() == 3);
  CHECK(bed.here().mailboxes.at("new/there").messages.size() == 3);
}

TEST_CASE("odd names travel both ways") {
  Bed bed({}, {.mailLocation = "sdbox:~/sdbox"});
  Corpus corpus(2);
  {
    ImapClient alice = bed.alice(), bob = bed.bob();
    bool turn = false;
    for (const std::string& name : mailboxNames('/')) fill((turn = !turn) ? alice : bob, corpus, {name}, 2);
  }
  synchronise(bed);
  CHECK(bed.here().messages() == 2 * mailboxNames('/').size());
}

TEST_CASE("servers with different hierarchy delimiters") {
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
  CHECK(bed.alice().select("x/y") == 3);
}

TEST_CASE("a server's delimiter may change between runs") {
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
}

TEST_CASE("subscriptions travel both ways") {
  Bed bed;
  {
    ImapClient alice = bed.alice();
    for (const char* name : {"one", "two", "three"}) alice.create(name);
    alice.subscribe("one");
  }
  synchronise(bed);
  CHECK(bed.there().mailboxes.at("one").subscribed);
  {
    ImapClient alice = bed.alice(), bob = bed.bob();
    bob.unsubscribe("one");
    bob.subscribe("two");
    alice.subscribe("three");
  }
  synchronise(bed);
  Snapshot here = bed.here();
  CHECK_FALSE(here.mailboxes.at("one").subscribed);
  CHECK(here.mailboxes.at("two").subscribed);
  CHECK(bed.there().mailboxes.at("three").subscribed);
}

TEST_CASE("list-reference keeps an account below a prefix") {
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

TEST_CASE("list-mailbox, ignore-mailbox and list-select-opts choose mailboxes") {
  struct Row {
    const char* option;
    std::vector<std::string> expected;
  };
  for (const Row& row : std::vector<Row>{
           {"list-mailbox = one \"two\\0*\"", {"INBOX", "one", "two/sub"}},
           {"list-mailbox = %", {"INBOX", "one", "three", "two"}},
           {"ignore-mailbox = ^two(?:\\x00|$)", {"INBOX", "one", "three"}},
           {"ignore-mailbox = ^(?i)ONE$", {"INBOX", "three", "two", "two/sub"}},
           {"list-select-opts = SUBSCRIBED", {"INBOX", "three"}},
       }) {
    CAPTURE(std::string(row.option));
    Bed bed({}, {}, {row.option});
    {
      ImapClient alice = bed.alice();
      for (const char* name : {"one", "two", "two/sub", "three"}) alice.create(name);
      alice.subscribe("three");
    }
    requireDone(bed.program.run());
    std::vector<std::string> names;
    for (const auto& [name, mailbox] : bed.there().mailboxes) names.push_back(name);
    CHECK(names == row.expected);
    checkNothingToDo(bed.program);
  }
}

TEST_CASE("a mailbox that disappeared on one side is reported, and nothing is done to it") {
  Bed bed;
  Corpus corpus(6);
  {
    ImapClient alice = bed.alice();
    fill(alice, corpus, {"INBOX", "gone", "stays"}, 3);
  }
  requireDone(bed.program.run());
  bed.bob().command("DELETE gone");
  Run run = bed.program.run();
  checkStatus(run, ExitStatus::data);
  CHECK(run.says(
      "database: ERROR: Mailbox gone exists. Run `interimap --target=database --delete gone` to delete."));
  CHECK(bed.here().mailboxes.at("gone").messages.size() == 3);
  CHECK_FALSE(bed.there().mailboxes.contains("gone"));
}
