// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Acceptance scenarios 72, 73 and 75 on real servers: what happens to messages that both sides have.
#include <algorithm>

#include "tests/e2e/bed.h"
#include "tests/e2e/oracle.h"
#include "tests/e2e/scripted.h"
#include "tests/e2e/sql.h"

using namespace interimap::bed;
using interimap::ExitStatus;

namespace {

// Two accounts in sync, with ten messages without flags in INBOX, selected by `alice` and `bob`; UIDs of both
// sides are 1 to 10 in the same order.
struct Changes : Bed {
  Changes() {
    ImapClient first = alice();
    std::vector<Message> messages = Corpus(1).smallMessages(10);
    for (Message& m : messages) m.flags.clear();
    first.append("INBOX", messages);
    requireDone(program.run());
    checkEqual(Bed::here(), Bed::there());
  }

  void atAlice(std::string_view uids, std::string_view what) {
    ImapClient client = alice();
    client.select("INBOX");
    client.store(uids, what);
  }
  void atBob(std::string_view uids, std::string_view what) {
    ImapClient client = bob();
    client.select("INBOX");
    client.store(uids, what);
  }
  void expungeAtAlice(std::string_view uids) {
    ImapClient client = alice();
    client.select("INBOX");
    client.expunge(uids);
  }
  void expungeAtBob(std::string_view uids) {
    ImapClient client = bob();
    client.select("INBOX");
    client.expunge(uids);
  }

  // The flags of one message, at alice.
  std::string flagsOf(unsigned uid) {
    ImapClient client = alice();
    client.select("INBOX");
    std::vector<std::string> flags;
    for (const std::string& response :
         client.command("UID FETCH " + std::to_string(uid) + " FLAGS").responses) {
      if (response.find("FETCH (") == std::string::npos) continue;
      std::vector<Value> values = parseValues(response);
      for (const Value& flag : values.at(2).after("FLAGS").items) {
        if (flag.text != "\\Recent") flags.push_back(flag.text);
      }
    }
    std::sort(flags.begin(), flags.end());
    std::string text;
    for (const std::string& flag : flags) text += (text.empty() ? "" : " ") + flag;
    return text;
  }
};

}  // namespace

TEST_CASE_FIXTURE(Changes, "scenario 72: flags and keywords travel both ways, additions and removals") {
  atAlice("1:3", "+FLAGS (\\Seen $Forwarded)");
  atBob("4:6", "+FLAGS (\\Flagged work)");
  synchronise(*this);
  CHECK(flagsOf(2) == "$Forwarded \\Seen");
  CHECK(flagsOf(5) == "\\Flagged work");
  atAlice("4", "-FLAGS (work)");
  atBob("1", "-FLAGS (\\Seen)");
  synchronise(*this);
  CHECK(flagsOf(4) == "\\Flagged");
  CHECK(flagsOf(1) == "$Forwarded");
}

TEST_CASE_FIXTURE(Changes, "scenario 72: messages with the same change are stored together") {
  atAlice("1,3,5,7", "+FLAGS (\\Seen $Forwarded)");
  atAlice("2,4", "+FLAGS (\\Flagged)");
  Run run = program.run();
  requireDone(run);
  INFO(run.log());
  std::vector<std::string> stores;
  for (const std::string& command : run.commands("remote")) {
    if (command.starts_with("UID STORE ")) stores.push_back(command);
  }
  REQUIRE(stores.size() == 3);  // a keyword has one of its own: a server may refuse it
  std::ranges::sort(stores);
  CHECK(stores[0].starts_with("UID STORE 1,3,5,7 "));
  CHECK(stores[1].starts_with("UID STORE 1,3,5,7 "));
  CHECK(stores[2].starts_with("UID STORE 2,4 "));
  CHECK(run.says("remote(INBOX): Updated flags ("));
  for (const std::string& command : run.commands("local")) CHECK_FALSE(command.starts_with("UID STORE "));
  checkEqual(here(), there());
  checkNothingToDo(program);
}

TEST_CASE_FIXTURE(Changes, "scenario 72: the flag \\Deleted travels as a flag") {
  atAlice("3", "+FLAGS (\\Deleted)");
  synchronise(*this);
  CHECK(there().messages() == 10);
}

TEST_CASE_FIXTURE(Changes, "scenario 75: expunges travel both ways") {
  expungeAtAlice("1:2");
  expungeAtBob("9:10");
  Run run = program.run();
  requireDone(run);
  INFO(run.log());
  CHECK(run.says("remote(INBOX): Removed 2 UID(s) 1:2"));
  CHECK(run.says("local(INBOX): Removed 2 UID(s) 9:10"));
  synchronise(*this);
  CHECK(here().messages() == 6);
  CHECK(sql(program.database(), "SELECT count(*) FROM mapping") == "6\n");
}

TEST_CASE_FIXTURE(Changes, "scenario 75: a message expunged on both sides asks for no command") {
  expungeAtAlice("4");
  expungeAtBob("4");
  Run run = program.run();
  requireDone(run);
  CHECK(run.changes() == "");
  CHECK(here().messages() == 9);
  CHECK(sql(program.database(), "SELECT count(*) FROM mapping WHERE lUID = 4") == "0\n");
}

TEST_CASE_FIXTURE(Changes, "new mail on both sides in the same run") {
  Corpus mine(2), theirs(3);
  alice().append("INBOX", mine.smallMessages(7));
  bob().append("INBOX", theirs.smallMessages(5));
  synchronise(*this);
  CHECK(here().messages() == 22);
}

TEST_CASE_FIXTURE(Changes, "scenario 72: the same flags set on both sides ask for no command") {
  atAlice("2", "+FLAGS (\\Seen)");
  atBob("2", "+FLAGS (\\Seen)");
  Run run = program.run();
  requireDone(run);
  CHECK_FALSE(run.sent("UID STORE"));
  CHECK(flagsOf(2) == "\\Seen");
}

TEST_CASE_FIXTURE(Changes, "scenario 73, W3b: flags changed on both sides merge flag by flag") {
  NOT_THE_REFERENCE();
  atAlice("1:2", "+FLAGS (\\Seen work)");
  synchronise(*this);
  atAlice("1", "+FLAGS (\\Flagged)");  // an addition here, a removal there
  atBob("1", "-FLAGS (\\Seen)");
  atAlice("2", "FLAGS (\\Answered)");  // both replace all
  atBob("2", "FLAGS (work later)");
  synchronise(*this);
  CHECK(flagsOf(1) == "\\Flagged work");
  CHECK(flagsOf(2) == "\\Answered later");
}

// The Perl program leaves no common flags behind: what differs then may have been added or removed.
TEST_CASE_FIXTURE(Changes, "scenario 73: flags whose common past is not known are united, with a warning") {
  for (const std::string& resolver : programs()) {
    CAPTURE(resolver);
    atAlice("7", "FLAGS (work)");
    requireDone(program.runWith(kPerl));
    atAlice("7", "FLAGS (\\Seen work)");
    atBob("7", "FLAGS (\\Flagged)");
    Run run = program.runWith(resolver);
    requireDone(run);
    INFO(run.log());
    CHECK(run.says("WARNING: Conflicting flag update in INBOX"));
    CHECK(flagsOf(7) == "\\Flagged \\Seen work");
    checkEqual(here(), there());
    checkNothingToDo(program);
    atAlice("7", "FLAGS ()");
    synchronise(*this);
  }
}

TEST_CASE_FIXTURE(Changes, "scenario 75: expunged here and flagged there: it is gone") {
  expungeAtAlice("5");
  atBob("5", "+FLAGS (\\Flagged)");
  synchronise(*this);
  CHECK(there().messages() == 9);
}

TEST_CASE_FIXTURE(Changes, "flags, expunges and new mail at once, several mailboxes, many rounds") {
  Corpus corpus(4);
  {
    ImapClient client = bob();
    fill(client, corpus, {"a/b", "c"}, 10);
  }
  synchronise(*this);
  for (int round = 0; round < 5; ++round) {
    ImapClient clients[] = {alice(), bob()};
    for (ImapClient& client : clients) {
      for (const char* mailbox : {"INBOX", "a/b", "c"}) {
        client.append(mailbox, corpus.smallMessages(corpus.below(4)));
        client.select(mailbox);
        for (std::uint32_t uid : client.uids()) {
          if (corpus.below(8) == 0)
            client.expunge(std::to_string(uid));
          else if (corpus.below(3) == 0)
            client.store(std::to_string(uid), "+FLAGS (\\Seen k" + std::to_string(round) + ")");
          else if (corpus.below(4) == 0)
            client.store(std::to_string(uid), "-FLAGS (\\Seen)");
        }
      }
    }
    synchronise(*this);
  }
}

namespace {

// Bob's mailbox "shared", with the rights of others than its owner; alice has it in full.
struct Shared : Bed {
  explicit Shared(const std::string& rights) : Bed({}, {.acl = true}) {
    ImapClient owner = bob();
    std::vector<Message> messages = Corpus(5).smallMessages(6);
    for (Message& m : messages) m.flags = {"work"};
    owner.create("shared");
    owner.append("shared", messages);
    writeFile(remote.home("bob") / "Maildir/.shared/dovecot-acl", "owner " + rights + "\n");
    requireDone(program.run());
  }
  // What alice does, and what somebody does who may.
  void change() {
    ImapClient client = alice();
    client.select("shared");
    client.store("1", "+FLAGS (\\Flagged)");
    client.store("2", "-FLAGS (work)");
    client.expunge("3");
    client.append("shared", Corpus(6).smallMessages(2));
    remote.doveadm({"flags", "add", "-u", "bob", "\\Answered", "mailbox", "shared", "uid", "1,4"});
  }
};

}  // namespace

TEST_CASE("a READ-ONLY mailbox is not written to, and what is in it is not undone (W11)") {
  NOT_THE_REFERENCE();
  Shared bed("lr");
  CHECK(bed.here().mailboxes.at("shared").messages.size() == 6);
  checkNothingToDo(bed.program);
  Snapshot before = bed.there();
  bed.change();
  Run run = bed.program.run();
  checkStatus(run, ExitStatus::tryAgain);
  for (const std::string& command : run.commands("remote")) {
    CAPTURE(command);
    CHECK(command.find("STORE") == std::string::npos);
    CHECK(command.find("APPEND") == std::string::npos);
    CHECK(command.find("EXPUNGE") == std::string::npos);
  }
  CHECK(run.says("remote(shared): WARNING: Mailbox is READ-ONLY: not updating flags of UID 1:2"));
  CHECK(run.says("remote(shared): WARNING: Mailbox is READ-ONLY: 2 message(s) of local are not added."));
  CHECK(run.says("remote(shared): WARNING: Nothing may be expunged here: 1 message(s)"));
  CHECK(bed.here().mailboxes.at("shared").messages.size() == 7);
  // Flags: here everything that was here and what was added there; nothing of it went away.
  ImapClient client = bed.alice();
  client.select("shared");
  std::string flags;
  for (const std::string& response : client.command("UID FETCH 1:4 FLAGS").responses) flags += response;
  CHECK(flags.find("FLAGS (\\Answered \\Flagged work)") != std::string::npos);
  CHECK(flags.find("UID 2 FLAGS ()") != std::string::npos);
  CHECK(flags.find("UID 4 FLAGS (\\Answered work)") != std::string::npos);
  client.command("UNSELECT");

  Run idle = bed.program.run();
  checkStatus(idle, ExitStatus::tryAgain);
  CHECK_FALSE(idle.sent("SELECT"));
  CHECK(idle.changes() == "");
  CHECK(idle.says("2 message(s) of local are not added."));

  SUBCASE("what somebody removes there is removed here") {
    bed.remote.doveadm({"flags", "remove", "-u", "bob", "work", "mailbox", "shared", "uid", "5"});
    bed.remote.doveadm({"expunge", "-u", "bob", "mailbox", "shared", "uid", "6"});
    checkStatus(bed.program.run(), ExitStatus::tryAgain);
    CHECK(bed.here().mailboxes.at("shared").messages.size() == 6);
    CHECK(bed.program.run().changes() == "");
  }
  SUBCASE("once it may be written to, what was withheld is made up for") {
    writeFile(bed.remote.home("bob") / "Maildir/.shared/dovecot-acl", "owner lrwstipekxa\n");
    requireDone(bed.program.run({"--repair"}));
    CHECK(bed.there().mailboxes.at("shared").messages.size() == 7);
    CHECK(bed.here().mailboxes.at("shared").messages.size() == 7);
    checkNothingToDo(bed.program);
  }
}

TEST_CASE(
    "a mailbox without the rights to do all is asked only what it can do, and keywords stay (ACL lrs)") {
  NOT_THE_REFERENCE();
  Shared bed("lrs");
  ImapClient client = bed.alice();
  client.select("shared");
  client.store("1", "+FLAGS (\\Seen \\Flagged later)");
  client.expunge("2");
  client.command("UNSELECT");
  Run run = bed.program.run();
  checkStatus(run, ExitStatus::tryAgain);
  INFO(run.log());
  CHECK(run.sent("UID STORE 1 +FLAGS (\\Seen)"));
  CHECK_FALSE(run.sent("UID EXPUNGE"));
  CHECK(bed.there().mailboxes.at("shared").messages.size() == 6);
  Run idle = bed.program.run();
  checkStatus(idle, ExitStatus::tryAgain);
  CHECK_FALSE(idle.sent("SELECT"));
  bed.remote.doveadm({"flags", "add", "-u", "bob", "\\Answered", "mailbox", "shared", "uid", "1"});
  checkStatus(bed.program.run(), ExitStatus::tryAgain);
  client.select("shared");
  auto flags = client.command("UID FETCH 1 FLAGS").responses;
  CAPTURE(flags.front());
  for (const char* flag : {"\\Answered", "\\Flagged", "\\Seen", "work", "later"})
    CHECK(flags.front().find(flag) != std::string::npos);
}

TEST_CASE("a UID that is given out twice holds back its mailbox, and no other (M10)") {
  NOT_THE_REFERENCE();
  FakeOptions single;
  single.capabilities.erase(single.capabilities.find("MULTIAPPEND "), std::string("MULTIAPPEND ").size());
  Scripted bed({}, single);
  bed.add(bed.local, "INBOX", 2, 1);
  bed.add(bed.local, "other", 2, 2);
  requireDone(bed.program.run());
  std::string reply;
  bed.remote.access([&](auto& mailboxes) {
    reply = "{tag} OK [APPENDUID " + std::to_string(mailboxes.at("INBOX").uidValidity) + " 3] stored\r\n";
  });
  bed.add(bed.local, "INBOX", 2, 3);
  bed.add(bed.local, "other", 1, 4);
  bed.remote.on("APPEND INBOX", 1, {.octets = reply, .atLiteral = true});  // a lie: nothing is stored
  Run run = bed.program.run();
  checkStatus(run, ExitStatus::tryAgain);
  CHECK(run.says("remote(INBOX): ERROR: Server gave UID 3 out twice."));
  CHECK(bed.there().mailboxes.at("other").messages.size() == 3);
  CHECK(bed.there().mailboxes.at("INBOX").messages.size() == 3);
  bed.checkRecovers();
}

TEST_CASE("a UID that was given out before is not taken for that of a copy") {
  NOT_THE_REFERENCE();
  Scripted bed;
  bed.add(bed.local, "INBOX", 2, 1);
  requireDone(bed.program.run());
  std::string reply;
  bed.remote.access([&](auto& mailboxes) {
    reply = "{tag} OK [APPENDUID " + std::to_string(mailboxes.at("INBOX").uidValidity) + " 1] stored\r\n";
  });
  bed.add(bed.local, "INBOX", 1, 3);
  bed.remote.on("APPEND INBOX", 1, {.octets = reply, .atLiteral = true});
  requireDone(bed.program.run());
  checkEqual(bed.here(), bed.there());
  checkNothingToDo(bed.program);
}

TEST_CASE("what the server forgot to say is found by counting (MESSAGES)") {
  NOT_THE_REFERENCE();
  Scripted bed;
  bed.add(bed.local, "INBOX", 8, 1);
  requireDone(bed.program.run());
  bed.remote.access([](auto& mailboxes) {
    FakeMailbox& inbox = mailboxes.at("INBOX");
    inbox.expunge(3);
    inbox.vanished.clear();
    inbox.setFlags(inbox.messages.front(), {"\\Seen"});
  });
  Run run = bed.program.run();
  requireDone(run);
  INFO(run.log());
  CHECK(run.says("remote has 7 messages, not the 8 that are known. Comparing every message."));
  CHECK(run.says("Removed 1 UID(s) 3"));
  checkEqual(bed.here(), bed.there());
  checkNothingToDo(bed.program);
}

TEST_CASE("SELECT says which messages we know last, in few words (scenario 86)") {
  NOT_THE_REFERENCE();
  Changes bed;
  std::string odd = "1";
  {
    ImapClient client = bed.alice();
    Corpus corpus(7);
    client.append("INBOX", corpus.smallMessages(400));
    for (int uid = 3; uid < 410; uid += 2) odd += "," + std::to_string(uid);
    client.select("INBOX");
    client.expunge(odd);
    client.command("UNSELECT");
  }
  synchronise(bed);
  bed.atAlice("410", "+FLAGS (\\Seen)");
  Run run = bed.program.run();
  requireDone(run);
  bool found = false;
  for (const std::string& command : run.commands("local")) {
    if (!command.starts_with("SELECT INBOX (QRESYNC (")) continue;
    CAPTURE(command);
    std::size_t open = command.rfind(" (");
    std::string sample = command.substr(open);
    found = true;
    CHECK(sample.starts_with(" ("));
    CHECK(sample.size() > 100);
    CHECK(sample.size() <= 280);
    CHECK(sample.ends_with("408,410)))"));
  }
  CHECK(found);
}
