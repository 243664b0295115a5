// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/e2e/bed.h"
#include "tests/e2e/sql.h"

using namespace interimap::bed;
using interimap::ExitStatus;

namespace {

// Two accounts in sync: INBOX, a, a/b, c with five messages each.
struct Filled : Bed {
  // Maildir lists the parent of a mailbox as if it could be selected; sdbox says \\Noselect.
  Filled() : Bed({.mailLocation = "sdbox:~/sdbox"}, {.mailLocation = "sdbox:~/sdbox"}) {
    Corpus corpus(11);
    ImapClient first = alice();
    fill(first, corpus, {"INBOX", "a", "a/b", "c"}, 5);
    synchronise(*this);
  }
  void sql(const std::string& statement) const {
    Outcome outcome = interimap::bed::run({{"/usr/bin/sqlite3", program.database().string(), statement}});
    REQUIRE(outcome.exitStatus == 0);
  }
};

}  // namespace

TEST_CASE("scenario 60: --delete removes a mailbox everywhere, not what is below it") {
  Filled bed;
  Run run = bed.program.run({"--debug", "--delete", "a"});
  requireDone(run);
  CHECK(run.says("database: Removed mailbox a"));
  CHECK_FALSE(bed.here().mailboxes.contains("a"));
  CHECK_FALSE(bed.there().mailboxes.contains("a"));
  CHECK(bed.here().mailboxes.at("a/b").messages.size() == 5);
  synchronise(bed);
  CHECK_FALSE(bed.here().mailboxes.contains("a"));
}

TEST_CASE("scenario 61: --delete, its targets, unknown names, INBOX") {
  Filled bed;
  CHECK(bed.program.run({"--delete", "no/such"}).exitStatus == static_cast<int>(ExitStatus::data));
  CHECK(bed.program.run({"--delete", "INBOX"}).exitStatus != 0);
  Run run = bed.program.run({"--target=local,database", "--delete", "c"});
  requireDone(run);
  CHECK_FALSE(bed.here().mailboxes.contains("c"));
  CHECK(bed.there().mailboxes.contains("c"));
  synchronise(bed);  // new again, from the other side
  CHECK(bed.here().mailboxes.at("c").messages.size() == 5);
}

TEST_CASE("scenario 62: --rename takes the children along, and the next run transfers nothing") {
  Filled bed;
  Run run = bed.program.run({"--rename", "a", "z"});
  requireDone(run);
  CHECK(run.says("database: Renamed mailbox a to z"));
  CHECK(bed.here().mailboxes.at("z/b").messages.size() == 5);
  checkEqual(bed.here(), bed.there());
  checkNothingToDo(bed.program);
}

TEST_CASE("scenario 63: --rename refuses a name that is taken, and changes nothing") {
  Filled bed;
  Snapshot before = bed.here();
  Run run = bed.program.run({"--rename", "a", "c"});
  CHECK(run.exitStatus != 0);
  CHECK(run.says("--delete c`"));
  CHECK(bed.here() == before);
  CHECK(bed.there() == before);
}

TEST_CASE("W25: a --rename that one server had done already is carried on by giving it again") {
  NOT_THE_REFERENCE();
  Filled bed;
  bed.alice().command("RENAME a z");
  requireDone(bed.program.run({"--rename", "a", "z"}));
  checkEqual(bed.here(), bed.there());
  checkNothingToDo(bed.program);
}

TEST_CASE("scenario 83: --repair copies again what one side lost without a word, and finds missed flags") {
  NOT_THE_REFERENCE();
  Filled bed;
  {
    ImapClient alice = bed.alice();
    alice.select("c");
    alice.store("2", "+FLAGS (\\Flagged)");
    alice.expunge("3");
    alice.select("a");
    alice.store("1", "+FLAGS (\\Flagged)");
  }
  // As if those changes had been seen and never carried out; and one message had never been mapped on either
  // side.
  ImapClient alice = bed.alice();
  for (const char* mailbox : {"a", "c"}) {
    std::string status = alice.command(std::string("STATUS ") + mailbox + " (HIGHESTMODSEQ)").responses.at(0);
    std::string modSeq = status.substr(status.rfind(' ') + 1);
    modSeq.pop_back();
    bed.sql("UPDATE local SET HIGHESTMODSEQ = " + modSeq +
            " WHERE idx = (SELECT idx FROM mailboxes WHERE mailbox = x'" + (*mailbox == 'a' ? "61" : "63") +
            "')");
  }
  bed.sql(
      "UPDATE ours_stamp SET lMODSEQ = (SELECT HIGHESTMODSEQ FROM local WHERE local.idx = ours_stamp.idx)");
  checkNothingToDo(bed.program);
  CHECK(difference(bed.here(), bed.there()) != "");
  Run run = bed.program.run({"--repair"});
  INFO(run.log());
  CHECK(run.exitStatus == 0);
  CHECK(run.says("UID 3 disappeared. Redownloading remote UID 3."));
  checkEqual(bed.here(), bed.there());
  CHECK(bed.here().mailboxes.at("c").messages.size() == 5);
  checkNothingToDo(bed.program);
}

TEST_CASE("a mailbox that loses everything is held back (--force-deletions does it at once)") {
  NOT_THE_REFERENCE();
  Bed bed;
  {
    Corpus corpus(12);
    ImapClient alice = bed.alice();
    fill(alice, corpus, {"big"}, 25);
  }
  synchronise(bed);
  {
    ImapClient alice = bed.alice();
    alice.select("big");
    alice.expunge("1:*");
  }
  SUBCASE("said again after ten minutes, it is believed") {
    Run run = bed.program.run();
    checkStatus(run, ExitStatus::tryAgain);
    CHECK(run.says("Not expunging 25 of 25 messages"));
    CHECK(bed.there().mailboxes.at("big").messages.size() == 25);
    sql(bed.program.database(), "UPDATE ours_brake SET since = since - 600");
    synchronise(bed);
  }
  SUBCASE("forced") { requireDone(bed.program.run({"--force-deletions"})); }
  CHECK(bed.there().mailboxes.at("big").messages.empty());
}

TEST_CASE("max-deletions holds back, and lets pass what is within it") {
  NOT_THE_REFERENCE();
  Bed bed({}, {}, {"max-deletions = 20%"});
  {
    Corpus corpus(13);
    ImapClient alice = bed.alice();
    fill(alice, corpus, {"box"}, 10);
  }
  synchronise(bed);
  {
    ImapClient alice = bed.alice();
    alice.select("box");
    alice.expunge("1:2");
  }
  synchronise(bed);
  {
    ImapClient alice = bed.alice();
    alice.select("box");
    alice.expunge("3:5");
  }
  Run run = bed.program.run();
  checkStatus(run, ExitStatus::tryAgain);
  CHECK(run.says("more than max-deletions allows"));
  CHECK(bed.there().mailboxes.at("box").messages.size() == 8);
}

TEST_CASE("--dry-run says what would be done, and does none of it") {
  NOT_THE_REFERENCE();
  Bed bed;
  {
    Corpus corpus(15);
    ImapClient alice = bed.alice();
    fill(alice, corpus, {"INBOX", "a"}, 5);
  }
  Run first = bed.program.run({"--dry-run"});
  requireDone(first);
  CHECK(first.says("remote: Would create a"));
  CHECK(first.says("remote(a): Would add 5 message(s)"));
  CHECK_FALSE(fs::exists(bed.program.database()));
  CHECK(bed.there().messages() == 0);

  synchronise(bed);
  {
    Corpus corpus(16);
    ImapClient alice = bed.alice();
    alice.append("a", corpus.smallMessages(2));
    alice.select("a");
    alice.store("1", "+FLAGS (\\Answered)");
    alice.expunge("2");
  }
  Snapshot before = bed.there();
  std::string database = readFile(bed.program.database());
  Run second = bed.program.run({"--dry-run"});
  requireDone(second);
  CHECK(second.says("remote(a): Would add 2 UID(s) <- local UID 6:7"));
  CHECK(second.says("remote(a): Would remove 1 UID(s) 2"));
  CHECK(bed.there() == before);
  CHECK(readFile(bed.program.database()) == database);
  synchronise(bed);
}

TEST_CASE("W43: the database of one pair of accounts refuses another") {
  NOT_THE_REFERENCE();
  Filled bed;
  std::string text = bed.program.configuration();
  text.replace(text.find("username = bob"), 14, "username = eve");
  bed.program.configure(text);
  Run run = bed.program.run();
  checkStatus(run, ExitStatus::data);
  CHECK(run.says("belongs to bob@127.0.0.1 on the remote side, not to eve@127.0.0.1"));
}

TEST_CASE("W14: a server restored from a backup is left alone until the mailbox is forgotten") {
  NOT_THE_REFERENCE();
  for (bool atLocal : {true, false}) {
    CAPTURE(atLocal);
    Filled bed;
    Dovecot& server = atLocal ? bed.local : bed.remote;
    const std::string user = atLocal ? "alice" : "bob", side = atLocal ? "local" : "remote";
    server.waitUntilIdle();
    server.copyUser(user, "backup");
    {
      ImapClient client = server.client(user);
      Corpus corpus(14);
      client.append("c", corpus.smallMessages(3));
    }
    synchronise(bed);
    server.waitUntilIdle();
    server.removeUser(user);
    server.copyUser("backup", user);
    auto other = [&] { return atLocal ? bed.there() : bed.here(); };
    Snapshot before = other();
    for (int runs = 0; runs < 2; ++runs) {
      Run run = bed.program.run();
      checkStatus(run, ExitStatus::data);
      CHECK(run.says("went back from"));
      CHECK(run.says(side + "(c): ERROR: "));
      CHECK(other() == before);
    }
  }
}

namespace {

constexpr const char* kStops[] = {"INTERIMAP_STOP_AT_WRITE=", "INTERIMAP_STOP_AFTER_WRITE="};
// One that is killed at its nth write, just before or just after it; whether it was.
bool killed(const Bed& bed, std::vector<std::string> arguments, const char* stop, int write) {
  Run run = bed.program.run(std::move(arguments), {stop + std::to_string(write)});
  for (const Dovecot* server : {&bed.local, &bed.remote}) server->waitUntilIdle();
  return run.exitStatus != 0;
}

// The next run finishes it, copies nothing, and leaves nothing to be done.
void checkFinishes(const Bed& bed) {
  Run run = bed.program.run();
  requireDone(run);
  INFO(run.log());
  CHECK_FALSE(run.sent("APPEND"));
  CHECK_FALSE(run.sent("CREATE"));
  checkEqual(bed.here(), bed.there());
  checkNothingToDo(bed.program);
}

}  // namespace

TEST_CASE("W25: --rename, killed at any write, is finished by the next run") {
  NOT_THE_REFERENCE();
  Filled bed;
  std::string name = "a";
  for (const char* stop : kStops) {
    bool more = true;
    for (int write = 1; more; ++write) {
      CAPTURE(std::string(stop));
      CAPTURE(write);
      std::string to = name + "x";
      more = killed(bed, {"--rename", name, to}, stop, write);
      checkFinishes(bed);
      bool renamed = bed.there().mailboxes.contains(to);
      CHECK((renamed || write <= 2));
      CHECK(bed.there().mailboxes.at((renamed ? to : name) + "/b").messages.size() == 5);
      if (renamed) name = to;
    }
  }
}

TEST_CASE("a renaming that is followed, killed at any write, is finished by the next run") {
  NOT_THE_REFERENCE();
  Filled bed;
  std::string name = "a";
  for (const char* stop : kStops) {
    bool more = true;
    for (int write = 1; more; ++write) {
      CAPTURE(std::string(stop));
      CAPTURE(write);
      std::string to = name + "x";
      bed.alice().command("RENAME " + name + " " + to);
      more = killed(bed, {"--debug"}, stop, write);
      checkFinishes(bed);
      CHECK(bed.there().mailboxes.at(to + "/b").messages.size() == 5);
      name = to;
    }
  }
}

TEST_CASE("W25: --delete, killed at any write, is finished by the next run") {
  NOT_THE_REFERENCE();
  Filled bed;
  for (const char* stop : kStops) {
    bool more = true;
    for (int write = 1; more; ++write) {
      CAPTURE(std::string(stop));
      CAPTURE(write);
      std::string name = "d" + std::to_string(write) + stop[16];
      bed.alice().create(name);
      requireDone(bed.program.run());
      more = killed(bed, {"--delete", name}, stop, write);
      checkFinishes(bed);
      CHECK((!bed.there().mailboxes.contains(name) || write <= 2));
    }
  }
}

TEST_CASE("a --delete that was killed does not delete what has been made since") {
  NOT_THE_REFERENCE();
  Filled bed;
  CHECK(killed(bed, {"--delete", "c"}, kStops[0], 3));  // between the servers
  CHECK_FALSE(bed.here().mailboxes.contains("c"));
  Corpus corpus(14);
  ImapClient bob = bed.bob();
  bob.command("DELETE c");
  fill(bob, corpus, {"c"}, 2);
  synchronise(bed);
  CHECK(bed.here().mailboxes.at("c").messages.size() == 2);
}
