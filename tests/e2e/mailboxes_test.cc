// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Acceptance scenarios 53 to 56, 58 and 59: names, creation, subscriptions, disappearance.
#include <algorithm>

#include "tests/e2e/bed.h"
#include "tests/e2e/scripted.h"
#include "tests/e2e/sql.h"

using namespace interimap::bed;
using interimap::ExitStatus;

TEST_CASE("scenario 53: names with 8-bit octets in literals") {
  Scripted bed;
  const std::string name = "caf\xC3\xA9 \"\\/Gr\xFC\xDF";
  Scripted::add(bed.remote, name, 3, 1);
  requireDone(bed.program.run());
  bed.local.access([&](auto& mailboxes) { CHECK(mailboxes[name].messages.size() == 3); });
  checkNothingToDo(bed.program);
  bed.local.access([&](auto& mailboxes) { mailboxes[name].expunge(2); });
  requireDone(bed.program.run());
  bed.remote.access([&](auto& mailboxes) { CHECK(mailboxes[name].messages.size() == 2); });
}

TEST_CASE("scenario 54: INBOX is INBOX however a server spells it, what is below it is not") {
  Scripted bed;
  Scripted::add(bed.remote, "INBOX", 3, 1);
  for (const char* name : {"inbox/low", "INBOX/high", "inboxes"}) Scripted::add(bed.remote, name, 1, 2);
  std::string answer;
  for (const std::string& response :
       bed.bob()
           .command("LIST \"\" * RETURN (SUBSCRIBED STATUS (MESSAGES UIDVALIDITY UIDNEXT HIGHESTMODSEQ))")
           .responses) {
    std::string line = "* " + response + "\r\n";
    if (std::size_t at = line.find("\"INBOX\""); at != std::string::npos)
      line.replace(at, 7, line.starts_with("* LIST") ? "inBox" : "\"Inbox\"");
    answer += line;
  }
  bed.remote.on("LIST .*STATUS", 0, {.octets = answer + "{tag} OK done\r\n"});
  requireDone(bed.program.run());
  Snapshot here = bed.here();
  CHECK(here.mailboxes.at("INBOX").messages.size() == 3);
  std::vector<std::string> names;
  for (const auto& [name, mailbox] : here.mailboxes) names.push_back(name);
  CHECK(names == std::vector<std::string>{"INBOX", "INBOX/high", "inbox/low", "inboxes"});
  checkNothingToDo(bed.program);
  CHECK(sql(bed.program.database(), "SELECT count(*) FROM mailboxes WHERE mailbox = x'494E424F58'") == "1\n");
}

TEST_CASE("scenario 55: mailboxes are created on the other side, with what is in them") {
  Bed bed;
  Corpus corpus(1);
  requireDone(bed.program.run());
  {
    ImapClient alice = bed.alice(), bob = bed.bob();
    fill(alice, corpus, {"new/here/deep"}, 3);
    fill(bob, corpus, {"new/there"}, 3);
    alice.subscribe("new/here/deep");
    bob.subscribe("new/there");
  }
  Run run = bed.program.run();
  requireDone(run);
  INFO(run.log());
  for (const char* said : {"database: Created mailbox new/here/deep", "database: Created mailbox new/there",
                           "remote: Created mailbox new/here/deep", "local: Created mailbox new/there"}) {
    CHECK(run.says(said));
  }
  synchronise(bed);
  CHECK(bed.there().mailboxes.at("new/here/deep").subscribed);
  CHECK(bed.here().mailboxes.at("new/there").subscribed);
  CHECK(bed.there().mailboxes.at("new/here/deep").messages.size() == 3);
  CHECK(bed.here().mailboxes.at("new/there").messages.size() == 3);
}

TEST_CASE("scenario 53: odd names travel both ways") {
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

TEST_CASE("scenario 56: subscriptions travel both ways") {
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

TEST_CASE("scenario 56: both sides changed alike, and subscriptions of new mailboxes") {
  Bed bed;
  {
    ImapClient alice = bed.alice(), bob = bed.bob();
    for (const char* name : {"one", "two"}) alice.create(name);
    alice.subscribe("one");
  }
  synchronise(bed);
  auto subscribed = [&] {
    return sql(
        bed.program.database(),
        "SELECT CAST(mailbox AS TEXT), subscribed FROM mailboxes WHERE mailbox != x'494E424F58' ORDER BY 1");
  };
  CHECK(subscribed() == "one|1\ntwo|0\n");
  for (bool atAlice : {true, false}) {
    ImapClient client = atAlice ? bed.alice() : bed.bob();
    client.unsubscribe("one");
    client.subscribe("two");
    client.create("both " + std::to_string(atAlice));
    client.subscribe("both " + std::to_string(atAlice));
  }
  bed.alice().create("three");
  bed.bob().create("three");
  bed.bob().subscribe("three");
  Run run = bed.program.run();
  requireDone(run);
  INFO(run.log());
  for (const std::string& change : run.commands("local")) CHECK_FALSE(change.starts_with("UNSUBSCRIBE"));
  for (const std::string& change : run.commands("remote")) CHECK_FALSE(change.starts_with("UNSUBSCRIBE"));
  CHECK(subscribed() == "both 0|1\nboth 1|1\none|0\nthree|1\ntwo|1\n");
  synchronise(bed);
  CHECK(bed.here().mailboxes.at("three").subscribed);
  CHECK(bed.there().mailboxes.at("both 1").subscribed);
}

TEST_CASE("scenario 58: a mailbox that disappeared on one side is reported, and nothing is done to it") {
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
  NOT_THE_REFERENCE();
  // It stops only itself.
  bed.alice().append("stays", corpus.smallMessages(1));
  bed.bob().append("INBOX", corpus.smallMessages(1));
  run = bed.program.run();
  checkStatus(run, ExitStatus::data);
  CHECK(bed.there().mailboxes.at("stays").messages.size() == 4);
  CHECK(bed.here().mailboxes.at("INBOX").messages.size() == 4);
}

TEST_CASE("scenario 58: following the advice copies the mailbox anew") {
  Bed bed;
  Corpus corpus(6);
  {
    ImapClient alice = bed.alice();
    fill(alice, corpus, {"gone"}, 3);
  }
  requireDone(bed.program.run());
  bed.bob().command("DELETE gone");
  CHECK(bed.program.run().exitStatus != 0);
  Run run = bed.program.run({"--target=database", "--delete", "gone"});
  requireDone(run);
  CHECK(run.says("database: Removed mailbox gone"));
  synchronise(bed);
  CHECK(bed.there().mailboxes.at("gone").messages.size() == 3);
}

TEST_CASE(
    "scenario 59, W13: a refused CREATE is reported, the others are synchronised, the next run retries") {
  NOT_THE_REFERENCE();
  Scripted bed;
  Scripted::add(bed.local, "bad", 2, 1);
  Scripted::add(bed.local, "good", 3, 2);
  for (int runs = 0; runs < 2; ++runs)
    bed.remote.on("CREATE \"?bad", 1, {.octets = "{tag} NO [CANNOT] not here\r\n"});
  for (int runs = 0; runs < 2; ++runs) {
    Run run = bed.program.run();
    checkStatus(run, ExitStatus::tryAgain);
    CHECK(run.says("remote"));
    CHECK(run.says("create"));
    CHECK(run.says("[CANNOT] not here"));
    CHECK(bed.there().mailboxes.at("good").messages.size() == 3);
    CHECK(sql(bed.program.database(), "SELECT count(*) FROM mailboxes WHERE mailbox = x'626164'") == "0\n");
  }
  bed.checkRecovers();
}

namespace {

// Maildir takes a mailbox and what is below it for siblings; sdbox knows what a parent is.
struct Tree : Bed {
  Tree() : Bed({.mailLocation = "sdbox:~/sdbox"}, {.delimiter = '.', .mailLocation = "sdbox:~/sdbox"}) {
    Corpus corpus(7);
    ImapClient first = alice();
    fill(first, corpus, {"INBOX", "a", "a/b", "c"}, 4);
    synchronise(*this);
  }
};

void checkFollowed(const Bed& bed, const Run& run) {
  requireDone(run);
  INFO(run.log());
  CHECK_FALSE(run.sent("APPEND"));
  CHECK_FALSE(run.sent("CREATE"));
  CHECK_FALSE(run.sent("DELETE"));
  checkEqual(bed.here(), bed.there());
  checkNothingToDo(bed.program);
}

}  // namespace

TEST_CASE("a mailbox that was renamed on one side is renamed on the other, with what is below it (W41)") {
  NOT_THE_REFERENCE();
  Tree bed;
  bed.alice().command("RENAME a z");
  Run run = bed.program.run();
  checkFollowed(bed, run);
  CHECK(run.says("remote: Renamed mailbox a to z"));
  CHECK(run.says("database: Renamed mailbox a to z"));
  CHECK(bed.there().mailboxes.at("z/b").messages.size() == 4);
  CHECK_FALSE(bed.there().mailboxes.contains("a/b"));

  bed.bob().command("RENAME z.b y");
  {
    ImapClient alice = bed.alice();
    alice.command("RENAME c C");
    alice.select("z");
    alice.expunge("1");
  }
  checkFollowed(bed, bed.program.run());
  CHECK(bed.here().mailboxes.at("y").messages.size() == 4);
  CHECK(bed.there().mailboxes.at("C").messages.size() == 4);
  CHECK(bed.there().mailboxes.at("z").messages.size() == 3);
}

TEST_CASE("a renamed mailbox keeps its subscription, though servers subscribe to names") {
  NOT_THE_REFERENCE();
  Tree bed;
  {
    ImapClient alice = bed.alice(), bob = bed.bob();
    for (const char* name : {"a", "a/b"}) alice.subscribe(name);
    synchronise(bed);
    bob.subscribe("c");
    for (auto [from, to] : {std::pair("a", "z"), std::pair("c", "y")})
      alice.command(std::string("RENAME ") + from + " " + to);
    for (const char* name : {"a", "a/b"}) alice.unsubscribe(name);  // as a user's client does
    for (const char* name : {"z", "z/b"}) alice.subscribe(name);
  }
  checkFollowed(bed, bed.program.run());
  for (const Snapshot& side : {bed.here(), bed.there()})
    for (const char* name : {"z", "z/b", "y"}) CHECK(side.mailboxes.at(name).subscribed);
  CHECK(bed.bob().command("LIST (SUBSCRIBED) \"\" *").responses.size() == 3);
}

TEST_CASE("a mailbox that got the same new name on both sides is the one it was") {
  NOT_THE_REFERENCE();
  Tree bed;
  bed.alice().command("RENAME a z");
  bed.bob().command("RENAME a z");
  Run run = bed.program.run();
  checkFollowed(bed, run);
  CHECK_FALSE(run.sent("RENAME"));
  CHECK(run.says("database: Renamed mailbox a to z"));
}

TEST_CASE("renamed to different names, the local one counts, with what is below it and subscribed") {
  NOT_THE_REFERENCE();
  Tree bed;
  for (const char* name : {"a", "a/b"}) bed.alice().subscribe(name);
  synchronise(bed);
  bed.alice().command("RENAME a y");
  bed.bob().command("RENAME a z");
  Run dry = bed.program.run({"--dry-run"});
  CHECK(dry.says("Mailbox a was renamed to y on local and to z on remote: the local name counts"));
  CHECK(dry.says("remote: Would rename mailbox z to y"));
  Run run = bed.program.run();
  checkFollowed(bed, run);
  CHECK(run.says("remote: Renamed mailbox z to y"));
  CHECK(bed.there().mailboxes.at("y/b").messages.size() == 4);
  for (const Snapshot& side : {bed.here(), bed.there()})
    for (const char* name : {"y", "y/b"}) CHECK(side.mailboxes.at(name).subscribed);
  CHECK(bed.bob().command("LIST (SUBSCRIBED) \"\" *").responses.size() == 2);
  CHECK(bed.alice().command("LIST (SUBSCRIBED) \"\" *").responses.size() == 2);
}

TEST_CASE(
    "renamed to different names, of which the local one is taken on remote: left alone, the rest goes on") {
  NOT_THE_REFERENCE();
  Tree bed;
  bed.alice().command("RENAME c d");
  bed.bob().command("RENAME c e");
  Corpus corpus(8);
  bed.bob().create("d");
  bed.bob().append("d", corpus.smallMessages(1));
  bed.alice().append("a", corpus.smallMessages(1));
  Run run = bed.program.run();
  checkStatus(run, ExitStatus::data);
  CHECK(run.says("Mailbox d is left alone"));
  CHECK(run.says("Mailbox e is left alone"));
  CHECK_FALSE(bed.here().mailboxes.contains("e"));
  CHECK(bed.there().mailboxes.at("a").messages.size() == 5);
}

TEST_CASE("the same UIDVALIDITY by chance is no renaming") {
  NOT_THE_REFERENCE();
  Scripted bed;
  for (FakeServer* server : {&bed.local, &bed.remote})
    server->access([](auto& mailboxes) { mailboxes["INBOX"].uidValidity = 9; });
  bed.add(bed.local, "a", 3, 1);
  requireDone(bed.program.run());
  bed.add(bed.local, "b", 5, 2);
  bed.local.access([](auto& mailboxes) {
    mailboxes.at("b").uidValidity = mailboxes.at("a").uidValidity;
    mailboxes.at("b").highestModSeq = 100;
    mailboxes.erase("a");
  });
  Run run = bed.program.run();
  checkStatus(run, ExitStatus::data);
  CHECK(run.says("Mailbox a exists."));
  CHECK_FALSE(run.sent("RENAME"));
  CHECK(bed.there().mailboxes.at("a").messages.size() == 3);
  CHECK(bed.there().mailboxes.at("b").messages.size() == 5);
}

TEST_CASE("a mailbox that is gone from both sides is forgotten, unless it may be hidden (W42)") {
  NOT_THE_REFERENCE();
  Tree bed;
  bed.alice().command("DELETE c");
  bed.bob().command("DELETE c");
  requireDone(bed.program.run({"--debug", "a"}));
  Run run = bed.program.run();
  requireDone(run);
  CHECK(run.says("database: Removed mailbox c, which is on neither server any more"));
  Corpus corpus(9);
  ImapClient alice = bed.alice();
  fill(alice, corpus, {"c"}, 2);
  synchronise(bed);
  CHECK(bed.there().mailboxes.at("c").messages.size() == 2);
}
