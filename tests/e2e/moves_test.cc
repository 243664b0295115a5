// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What was moved or copied to another mailbox on one side is copied within the other (UID COPY), without its
// body, where the server calls a message the same wherever it is (sync/copying/origins.h).
#include <algorithm>
#include <map>
#include <utility>

#include "tests/e2e/bed.h"
#include "tests/e2e/lesser_server.h"
#include "tests/e2e/relay.h"
#include "tests/e2e/sql.h"

using namespace interimap::bed;
using interimap::ExitStatus;

namespace {

const std::string kMoves = "moves = YES";

struct MovingBed : Bed {
  MovingBed() : Bed({}, {}, {kMoves}) {}
};

// A relay before each server, which counts octets.
struct Counted {
  Counted()
      : local(directory / "local"),
        remote(directory / "remote"),
        program(directory / "program", cleartext(toLocal.port(), "alice"), cleartext(toRemote.port(), "bob"),
                {kMoves}) {}

  ImapClient client(bool ofLocal) const { return ofLocal ? local.client("alice") : remote.client("bob"); }
  Snapshot here() const { return Snapshot::of(local.client("alice")); }
  Snapshot there() const { return Snapshot::of(remote.client("bob")); }
  std::uint64_t octets() const {
    std::uint64_t sum = 0;
    for (const Relay* relay : {&toLocal, &toRemote})
      for (const RelayedConnection& it : relay->connections()) sum += it.toServer + it.toClient;
    return sum;
  }

  Directory directory;
  Dovecot local, remote;
  Relay toLocal{local.imap()}, toRemote{remote.imap()};
  Interimap program;
};

// None is \Deleted: that one would be sent.
std::vector<Message> messages(unsigned seed, std::size_t count, std::size_t octets = 0) {
  std::vector<Message> all = Corpus(seed, Keywords::none).smallMessages(count);
  for (Message& message : all)
    std::erase_if(message.flags, [](const std::string& flag) { return flag == "\\Deleted"; });
  std::string line(70, 'x');
  line += "\r\n";
  for (Message& message : all)
    while (message.text.size() < octets) message.text += line;
  return all;
}

std::uint64_t octetsOf(const std::vector<Message>& messages) {
  std::uint64_t sum = 0;
  for (const Message& message : messages) sum += message.text.size();
  return sum;
}

void move(ImapClient client, const std::string& from, const std::string& uids, const std::string& to,
          const char* how = "UID MOVE ") {
  client.select(from);
  client.command(how + uids + " " + to);
}

bool isCopied(const Run& run, const char* side) {
  const std::vector<std::string> commands = run.commands(side);
  return std::ranges::any_of(commands, [](const std::string& it) { return it.starts_with("UID COPY"); });
}

bool asksForNothing(const std::string& command) {
  return command.find("FETCH") == std::string::npos && command.find("SELECT") == std::string::npos;
}

void checkInSync(const Bed& bed) {
  requireDone(bed.program.run());
  checkEqual(bed.here(), bed.there());
  checkNothingToDo(bed.program);
}

// What both have, in INBOX and Archive.
void begin(const Bed& bed, std::size_t count) {
  bed.alice().append("INBOX", messages(1, count));
  bed.alice().create("Archive");
  synchronise(bed);
}

}  // namespace

TEST_CASE("moves: a thousand messages are carried over without their bodies, from either side") {
  NOT_THE_REFERENCE();
  for (bool onLocal : {true, false}) {
    CAPTURE(onLocal);
    Counted bed;
    const std::vector<Message> all = messages(1, 1000, 25'000);
    bed.client(true).append("INBOX", all);
    bed.client(true).create("Archive");
    requireDone(bed.program.run());
    checkNothingToDo(bed.program);
    const std::uint64_t before = bed.octets();
    move(bed.client(onLocal), "INBOX", "1:*", "Archive");
    // All of a mailbox has gone: that has to be said.
    Run run = bed.program.run({"--debug", "--force-deletions"});
    requireDone(run);
    CHECK(isCopied(run, onLocal ? "remote" : "local"));
    CHECK_FALSE(run.sent("APPEND"));
    const std::uint64_t octets = bed.octets() - before;
    CHECK(octets < octetsOf(all) / 20);
    MESSAGE(octets << " of " << octetsOf(all) << " octets");
    checkEqual(bed.here(), bed.there());
    CHECK(bed.client(!onLocal).select("INBOX") == 0);
    CHECK(bed.client(!onLocal).select("Archive") == 1000);
    checkNothingToDo(bed.program);
  }
}

TEST_CASE("moves: copies, to a new mailbox as well, and what was copied is moved on") {
  NOT_THE_REFERENCE();
  MovingBed bed;
  begin(bed, 10);
  bed.bob().create("new");
  Run run;
  for (auto [uids, mailbox] : {std::pair("1:3", "new"), std::pair("2:4", "Archive")}) {
    move(bed.bob(), "INBOX", uids, mailbox, "UID COPY ");
    run = bed.program.run();
    requireDone(run);
    CHECK(isCopied(run, "local"));
    CHECK_FALSE(run.sent("APPEND"));
    CHECK(difference(bed.here(), bed.there()) == "");
    checkNothingToDo(bed.program);
  }
  // Not one that is there already, as a copy that was made a moment ago (sync/pass/surplus.h).
  move(bed.alice(), "new", "1", "Archive");
  run = bed.program.run();
  requireDone(run);
  CHECK_FALSE(run.sent("APPEND"));
  CHECK(difference(bed.here(), bed.there()) == "");
  checkNothingToDo(bed.program);
}

// Of what has other flags by now on the other side a copy would have those: it is sent.
TEST_CASE("moves: flags that changed meanwhile, on either side") {
  NOT_THE_REFERENCE();
  MovingBed bed;
  begin(bed, 40);
  ImapClient alice = bed.alice();
  alice.select("INBOX");
  alice.store("1", "+FLAGS (\\Flagged)");
  alice.store("2", "FLAGS (\\Answered)");
  alice.command("UID MOVE 1:4 Archive");
  alice.select("Archive");
  alice.store("3", "+FLAGS (word)");
  ImapClient bob = bed.bob();
  bob.select("INBOX");
  bob.store("4", "+FLAGS (mine)");
  Run run = bed.program.run();
  requireDone(run);
  CHECK(isCopied(run, "remote"));
  checkEqual(bed.here(), bed.there());
  checkNothingToDo(bed.program);
  std::map<std::string, unsigned> found;
  const Snapshot there = bed.there();
  for (const MessageState& message : there.mailboxes.at("Archive").messages)
    for (const std::string& flag : message.flags) ++found[flag];
  CHECK(found["\\Flagged"] >= 1);
  CHECK(found["word"] == 1);
  CHECK(found["mine"] == 0);
}

// COPY, STORE \Deleted, and an EXPUNGE minutes later: the mark is that of the one that is left behind.
TEST_CASE("moves: a client without MOVE marks what it has copied, and nothing else becomes marked") {
  NOT_THE_REFERENCE();
  MovingBed bed;
  begin(bed, 40);
  ImapClient alice = bed.alice();
  alice.select("INBOX");
  alice.command("UID COPY 1:5 Archive");
  alice.store("1:5", "+FLAGS (\\Deleted)");
  requireDone(bed.program.run());
  for (const Snapshot& side : {bed.here(), bed.there()})
    for (const MessageState& message : side.mailboxes.at("Archive").messages)
      CHECK(std::ranges::find(message.flags, "\\Deleted") == message.flags.end());
  CHECK(difference(bed.here(), bed.there()) == "");
  alice.command("EXPUNGE");
  checkInSync(bed);
  CHECK(bed.bob().select("Archive") == 5);
}

TEST_CASE("moves: the other side has lost its copy, or has moved it elsewhere, or to the same mailbox") {
  NOT_THE_REFERENCE();
  MovingBed bed;
  begin(bed, 40);
  bed.alice().create("elsewhere");
  requireDone(bed.program.run());
  move(bed.alice(), "INBOX", "1:9", "Archive");
  ImapClient bob = bed.bob();
  bob.select("INBOX");
  bob.expunge("1:3");
  bob.command("UID MOVE 4:6 elsewhere");
  bob.command("UID MOVE 7:9 Archive");
  requireDone(bed.program.run());
  CHECK(difference(bed.here(), bed.there()) == "");
  CHECK(bed.bob().select("Archive") == 9);
  CHECK(bed.bob().select("elsewhere") == 3);
  CHECK(bed.bob().select("INBOX") == 31);
  checkNothingToDo(bed.program);
}

TEST_CASE("moves: a server without names for its messages is sent what was moved") {
  NOT_THE_REFERENCE();
  for (bool both : {true, false}) {
    CAPTURE(both);
    Directory directory;
    Dovecot local(directory / "local"), remote(directory / "remote");
    LesserServer lesser(local.imap(), LesserOptions::exchange()), bare(remote.imap(), LesserOptions::bare());
    Interimap program(directory / "program", cleartext(lesser.port(), "alice"),
                      cleartext(both ? bare.port() : remote.imap(), "bob"), {kMoves});
    local.client("alice").append("INBOX", messages(1, 40));
    local.client("alice").create("Archive");
    requireDone(program.run());
    move(local.client("alice"), "INBOX", "1:3", "Archive");
    requireDone(program.run());
    checkEqual(Snapshot::of(local.client("alice")), Snapshot::of(remote.client("bob")));
    checkNothingToDo(program);
  }
}

TEST_CASE("moves: killed anywhere, nothing is lost and nothing is there twice") {
  NOT_THE_REFERENCE();
  for (const std::string when : {"INTERIMAP_STOP_AT_WRITE=", "INTERIMAP_STOP_AFTER_WRITE="}) {
    MovingBed bed;
    begin(bed, 60);
    for (unsigned write = 1; write < 30; ++write) {
      CAPTURE(when);
      CAPTURE(write);
      ImapClient alice = bed.alice();
      alice.select("INBOX");
      const std::vector<std::uint32_t> uids = alice.uids();
      alice.command("UID MOVE " + std::to_string(uids.front()) + " Archive");
      Run killed = bed.program.run({"--debug"}, {when + std::to_string(write)});
      requireDone(bed.program.run());
      checkEqual(bed.here(), bed.there());
      if (killed.exitStatus == 0) break;
      REQUIRE(write < 29);
    }
    CHECK(bed.bob().select("INBOX") + bed.bob().select("Archive") == 60);
  }
}

// What was synchronised before there were names in the database gets them by and by.
TEST_CASE("moves: a database of before learns the names of its messages") {
  NOT_THE_REFERENCE();
  MovingBed bed;
  begin(bed, 40);
  sql(bed.program.database(), "DELETE FROM ours_ids");
  bed.alice().append("INBOX", messages(2, 1));
  checkInSync(bed);
  move(bed.alice(), "INBOX", "1:5", "Archive");
  Run run = bed.program.run();
  requireDone(run);
  CHECK(isCopied(run, "remote"));
  CHECK_FALSE(run.sent("APPEND"));
  checkEqual(bed.here(), bed.there());
}

TEST_CASE(
    "moves: without the key, and where nothing is new, nothing is asked for, kept or copied because of it") {
  NOT_THE_REFERENCE();
  for (bool isOn : {false, true}) {
    CAPTURE(isOn);
    Bed bed({}, {}, {isOn ? "moves = yes" : "moves = no"});
    begin(bed, 10);
    CHECK((sql(bed.program.database(), "SELECT count(*) FROM ours_ids") == "0\n") == !isOn);
    for (const char* side : {"local", "remote"})
      for (const std::string& command : bed.program.run().commands(side)) CHECK(asksForNothing(command));
    move(bed.alice(), "INBOX", "1:3", "Archive");
    Run run = bed.program.run();
    requireDone(run);
    CHECK(isCopied(run, "remote") == isOn);
    CHECK(run.sent("APPEND") == !isOn);
    CHECK((run.log().find("X-GUID") != std::string::npos) == isOn);
    checkEqual(bed.here(), bed.there());
  }
}
