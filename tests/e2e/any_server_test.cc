// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Issue 14: servers without QRESYNC, and what they make of it. Each is a Dovecot behind a proxy that refuses
// what the server is not to have.
#include <signal.h>

#include <algorithm>

#include "tests/e2e/bed.h"
#include "tests/e2e/eventually.h"
#include "tests/e2e/lesser_server.h"

using namespace interimap::bed;
using interimap::ExitStatus;

namespace {

struct Kind {
  const char* name;
  LesserOptions options;
};

LesserOptions full() { return LesserOptions::full(); }
LesserOptions likeGmail() { return LesserOptions::gmail(""); }  // a mailbox is one, not a label

std::vector<Kind> kinds() {
  return {{"gmail", likeGmail()},
          {"icloud", LesserOptions::icloud()},
          {"exchange", LesserOptions::exchange()},
          {"yahoo", LesserOptions::yahoo()},
          {"rev2", LesserOptions::rev2()},
          {"bare", LesserOptions::bare()}};
}

// alice of the one and bob of the other, each server as it is said.
struct Between {
  Between(LesserOptions here, LesserOptions there)
      : local(directory / "local"),
        remote(directory / "remote"),
        lesserLocal(local.imap(), std::move(here)),
        lesserRemote(remote.imap(), std::move(there)),
        program(directory / "program", cleartext(lesserLocal.port(), "alice"),
                cleartext(lesserRemote.port(), "bob")) {}

  ImapClient alice() const { return local.client("alice"); }
  ImapClient bob() const { return remote.client("bob"); }

  static void add(ImapClient client, const std::string& mailbox, unsigned seed, std::size_t count) {
    client.append(mailbox, Corpus(seed, Keywords::none).smallMessages(count));
  }
  static void store(ImapClient client, std::string_view uids, std::string_view what) {
    client.select("INBOX");
    client.store(uids, what);
  }
  static void expunge(ImapClient client, std::string_view uids) {
    client.select("INBOX");
    client.expunge(uids);
  }

  void checkInSync() const {
    requireDone(program.run());
    checkEqual(Snapshot::of(alice()), Snapshot::of(bob()));
    checkNothingToDo(program);
  }

  Directory directory;
  Dovecot local, remote;
  LesserServer lesserLocal, lesserRemote;
  Interimap program;
};

void fill(const Between& bed) {
  Between::add(bed.alice(), "INBOX", 1, 6);
  Between::add(bed.bob(), "INBOX", 2, 4);
  bed.bob().create("a");
  Between::add(bed.bob(), "a", 3, 3);
}

void changeBothSides(const Between& bed) {
  Between::store(bed.alice(), "1", "+FLAGS (\\Flagged)");
  Between::store(bed.bob(), "2", "FLAGS (\\Answered)");
  Between::expunge(bed.alice(), "3");
  Between::expunge(bed.bob(), "4");
  Between::add(bed.alice(), "INBOX", 11, 2);
  Between::add(bed.bob(), "INBOX", 12, 1);
}

bool asks(const LesserServer& lesser, std::string_view what, std::size_t from = 0) {
  const std::vector<std::string> commands = lesser.commands();
  return std::any_of(commands.begin() + static_cast<std::ptrdiff_t>(from), commands.end(),
                     [&](const std::string& command) { return command.find(what) != std::string::npos; });
}

}  // namespace

TEST_CASE("any server: first synchronisation, changes, a client in between, and nothing left to do") {
  NOT_THE_REFERENCE();
  for (const Kind& kind : kinds())
    for (bool both : {false, true}) {
      CAPTURE(kind.name);
      CAPTURE(both);
      Between bed(both ? kind.options : full(), kind.options);
      fill(bed);
      bed.checkInSync();
      changeBothSides(bed);
      bed.checkInSync();
      // What a client does between two runs on the poor side alone.
      Between::expunge(bed.bob(), "1");
      bed.checkInSync();
      Between::store(bed.bob(), "2", "+FLAGS (\\Draft)");
      Between::expunge(bed.bob(), "5");
      Between::add(bed.bob(), "INBOX", 21, 1);  // as many as before
      bed.checkInSync();
    }
}

TEST_CASE("any server: watched") {
  NOT_THE_REFERENCE();
  for (const Kind& kind : kinds()) {
    CAPTURE(kind.name);
    Between bed(full(), kind.options);
    fill(bed);
    requireDone(bed.program.run());
    BackgroundProcess watcher = bed.program.runInBackground({"--watch=1"});
    auto equal = [&] {
      try {
        return difference(Snapshot::of(bed.alice()), Snapshot::of(bed.bob())).empty();
      } catch (const std::runtime_error&) {  // expunged while we looked
        return false;
      }
    };
    Between::add(bed.bob(), "INBOX", 31, 1);
    CHECK(eventually(equal));
    Between::add(bed.alice(), "a", 32, 1);
    CHECK(eventually(equal));
    Between::expunge(bed.bob(), "1");
    CHECK(eventually(equal));
    Between::store(bed.bob(), "2", "+FLAGS (\\Draft)");
    CHECK(eventually(equal));
    watcher.signal(SIGTERM);
    const Outcome outcome = watcher.wait(std::chrono::seconds(20));
    INFO(readFile(bed.program.directory() / "stderr"));
    CHECK(outcome.exitStatus == 0);
    CHECK(equal());
  }
}

TEST_CASE("any server: two filled accounts are paired, not copied") {
  NOT_THE_REFERENCE();
  for (const Kind& kind : kinds()) {
    CAPTURE(kind.name);
    Between bed(full(), kind.options);
    fill(bed);
    bed.checkInSync();
    fs::remove(bed.program.database());
    Run run = bed.program.run();
    requireDone(run);
    CHECK_FALSE(run.sent("APPEND"));
    checkEqual(Snapshot::of(bed.alice()), Snapshot::of(bed.bob()));
    checkNothingToDo(bed.program);
  }
}

TEST_CASE("any server: one that loses QRESYNC, and gets it back") {
  NOT_THE_REFERENCE();
  for (const Kind& kind : kinds()) {
    CAPTURE(kind.name);
    Between bed(full(), full());
    fill(bed);
    bed.checkInSync();
    bed.lesserRemote.change(kind.options);
    changeBothSides(bed);
    bed.checkInSync();
    bed.lesserRemote.change(full());
    Between::store(bed.bob(), "1,2", "FLAGS (\\Seen)");
    Between::expunge(bed.bob(), "5");
    Between::add(bed.bob(), "INBOX", 31, 1);
    bed.checkInSync();
  }
}

TEST_CASE("any server: killed at each write, nothing is lost or doubled") {
  NOT_THE_REFERENCE();
  for (const Kind& kind : kinds()) {
    CAPTURE(kind.name);
    for (int write = 1; write < 40; write += 3) {
      CAPTURE(write);
      Between bed(full(), kind.options);
      fill(bed);
      requireDone(bed.program.run());
      changeBothSides(bed);
      Run killed = bed.program.run({"--debug"}, {"INTERIMAP_STOP_AT_WRITE=" + std::to_string(write)});
      if (killed.exitStatus == 0) break;
      bed.checkInSync();
    }
  }
}

TEST_CASE("any server: what was expunged is asked for only if the number of messages does not fit") {
  NOT_THE_REFERENCE();
  Between bed(full(), likeGmail());
  fill(bed);
  bed.checkInSync();
  const std::size_t before = bed.lesserRemote.commands().size();
  Between::store(bed.bob(), "2", "FLAGS (\\Answered)");
  Between::add(bed.bob(), "INBOX", 41, 1);
  bed.checkInSync();
  CHECK(asks(bed.lesserRemote, "(CHANGEDSINCE ", before));
  CHECK_FALSE(asks(bed.lesserRemote, "SEARCH", before));
  Between::expunge(bed.bob(), "1");
  bed.checkInSync();
  CHECK(asks(bed.lesserRemote, "UID SEARCH RETURN (ALL) UID 1:", before));
}

TEST_CASE("any server: a VANISHED that names every message expunges none but those that are gone") {
  NOT_THE_REFERENCE();
  LesserOptions lies = full();
  lies.vanishesAll = true;
  Between bed(full(), lies);
  fill(bed);
  bed.checkInSync();
  changeBothSides(bed);
  Run run = bed.program.run();
  INFO(run.log());
  CHECK(run.says("remote: S: * VANISHED (EARLIER) 1:"));
  CHECK(Snapshot::of(bed.alice()).messages() == 14);
  CHECK(Snapshot::of(bed.bob()).messages() == 14);
  bed.lesserRemote.change(full());
  bed.checkInSync();
  CHECK(Snapshot::of(bed.bob()).messages() == 14);
}

TEST_CASE("any server: MESSAGELIMIT") {
  NOT_THE_REFERENCE();
  LesserOptions options = likeGmail().show("MESSAGELIMIT=2");
  options.limit = 2;
  Between bed(full(), options);
  fill(bed);
  bed.checkInSync();
  changeBothSides(bed);
  bed.checkInSync();
  Between::expunge(bed.bob(), "1");
  bed.checkInSync();
}

namespace {

// Gmail's abilities, but UIDPLUS; all of them; none.
std::vector<Kind> withoutUidPlus() {
  return {{"CONDSTORE", likeGmail().hide("UIDPLUS")},
          {"QRESYNC", full().hide("UIDPLUS")},
          {"bare", LesserOptions::bare()}};
}

std::size_t marked(ImapClient client) {
  std::size_t marked = 0;
  const Snapshot snapshot = Snapshot::of(client);
  for (const auto& message : snapshot.mailboxes.at("INBOX").messages)
    marked += static_cast<std::size_t>(std::ranges::count(message.flags, "\\Deleted"));
  return marked;
}

}  // namespace

TEST_CASE("any server: without UIDPLUS only what is ours to expunge goes, and others keep their marks") {
  NOT_THE_REFERENCE();
  for (const Kind& kind : withoutUidPlus())
    for (int write = 0; write < 20; ++write) {
      CAPTURE(kind.name);
      CAPTURE(write);
      Between bed(full(), kind.options);
      fill(bed);
      requireDone(bed.program.run());
      Between::store(bed.bob(), "1:*", "-FLAGS (\\Deleted)");
      Between::store(bed.bob(), "1:2", "+FLAGS (\\Deleted)");
      bed.checkInSync();
      Between::store(bed.bob(), "3", "+FLAGS (\\Deleted)");  // that nobody knows yet
      Between::expunge(bed.alice(), "4");
      if (write > 0) {
        Run killed = bed.program.run({"--debug"}, {"INTERIMAP_STOP_AT_WRITE=" + std::to_string(write)});
        if (killed.exitStatus == 0) break;
      }
      bed.checkInSync();
      CHECK(marked(bed.bob()) == 3);
      CHECK(Snapshot::of(bed.bob()).mailboxes.at("INBOX").messages.size() == 9);
    }
}

TEST_CASE("any server: without UIDPLUS, somebody marks a message just before EXPUNGE: it is not lost") {
  NOT_THE_REFERENCE();
  for (const Kind& kind : withoutUidPlus()) {
    CAPTURE(kind.name);
    LesserOptions options = kind.options;
    const Between* there = nullptr;
    options.meanwhileAt = "EXPUNGE";
    options.meanwhile = [&there] { Between::store(there->bob(), "2", "+FLAGS (\\Deleted)"); };
    Between bed(full(), options);
    there = &bed;
    fill(bed);
    requireDone(bed.program.run());
    Between::expunge(bed.alice(), "4");
    Run run = bed.program.run();
    requireDone(run);
    CHECK(run.says("went with what was expunged here"));
    checkEqual(Snapshot::of(bed.alice()), Snapshot::of(bed.bob()));
    CHECK(Snapshot::of(bed.bob()).mailboxes.at("INBOX").messages.size() == 9);
    checkNothingToDo(bed.program);
  }
}

TEST_CASE("any server: copies are found where the server does not say which UIDs they have") {
  NOT_THE_REFERENCE();
  struct {
    const char* name;
    bool offers, keepsArguments, alters;
  } table[] = {{"no UIDPLUS", false, true, false},
               {"UIDPLUS, and no APPENDUID", true, true, false},
               {"neither flags nor dates are kept", false, false, false},
               {"messages are altered", true, true, true}};
  for (const auto& row : table) {
    CAPTURE(row.name);
    LesserOptions options = likeGmail();
    if (!row.offers) options.hide("UIDPLUS");
    options.namesUids = false;
    options.keepsArguments = row.keepsArguments;
    options.alters = row.alters;
    Between bed(full(), options);
    Between::add(bed.alice(), "INBOX", 1, 6);
    Run run = bed.program.run();
    requireDone(run);
    INFO(run.log());
    CHECK(run.says("Added 6 UID(s)"));
    checkNothingToDo(bed.program);
    Between::store(bed.alice(), "1", "+FLAGS (\\Flagged)");
    Between::expunge(bed.alice(), "3");
    Between::expunge(bed.bob(), "4");
    Between::add(bed.alice(), "INBOX", 11, 2);
    Between::add(bed.bob(), "INBOX", 12, 1);
    requireDone(bed.program.run());
    checkNothingToDo(bed.program);
    CHECK(Snapshot::of(bed.alice()).mailboxes.at("INBOX").messages.size() == 7);
    CHECK(Snapshot::of(bed.bob()).mailboxes.at("INBOX").messages.size() == 7);
    if (!row.alters && row.keepsArguments) checkEqual(Snapshot::of(bed.alice()), Snapshot::of(bed.bob()));
  }
}

TEST_CASE("any server: two of different kinds") {
  NOT_THE_REFERENCE();
  Between bed(likeGmail(), LesserOptions::exchange());
  fill(bed);
  bed.checkInSync();
  changeBothSides(bed);
  bed.checkInSync();
}

TEST_CASE("any server: UIDNEXT is not told in SELECT") {
  NOT_THE_REFERENCE();
  for (Kind kind : kinds()) {
    CAPTURE(kind.name);
    kind.options.namesUidNext = false;
    Between bed(full(), kind.options);
    fill(bed);
    bed.checkInSync();
    changeBothSides(bed);
    bed.checkInSync();
    Between::expunge(bed.bob(), "1:*");
    bed.bob().create("empty");
    requireDone(bed.program.run({"--force-deletions"}));
    bed.checkInSync();
    Between::add(bed.alice(), "INBOX", 51, 2);
    bed.checkInSync();
  }
}

TEST_CASE("any server: keywords that one side cannot keep stay on the other") {
  NOT_THE_REFERENCE();
  for (const Kind& kind : {Kind{"exchange", LesserOptions::exchange()}, {"bare", LesserOptions::bare()}}) {
    CAPTURE(kind.name);
    Between bed(full(), kind.options);
    fill(bed);
    bed.checkInSync();
    Between::store(bed.alice(), "1:2", "+FLAGS (work)");
    checkStatus(bed.program.run(), ExitStatus::tryAgain);  // said once
    requireDone(bed.program.run());
    Between::store(bed.bob(), "1:*", "FLAGS (\\Answered)");
    Between::store(bed.alice(), "1", "+FLAGS (\\Flagged)");
    bed.program.run();
    ImapClient alice = bed.alice();
    alice.select("INBOX");
    const std::vector<std::string> found = alice.command("UID SEARCH KEYWORD work").responses;
    CHECK(std::ranges::find(found, "SEARCH 1 2") != found.end());
    requireDone(bed.program.run());
  }
}

TEST_CASE("any server: one that closes the connection again and again") {
  NOT_THE_REFERENCE();
  constexpr int kMailboxes = 12, kRuns = 25;
  const struct {
    Kind kind;
    std::size_t each;
    bool after;
  } kCases[] = {{{"full", full()}, 29, false},
                {{"full", full()}, 17, true},
                {{"gmail", likeGmail()}, 13, true},
                {{"bare", LesserOptions::bare()}, 43, true}};
  for (const auto& row : kCases) {
    CAPTURE(row.kind.name);
    CAPTURE(row.each);
    LesserOptions closing = row.kind.options;
    closing.closesAt = row.each;
    closing.closesAfter = row.after;
    Between bed(full(), closing);
    for (int i = 0; i < kMailboxes; ++i) {
      const std::string name = "box" + std::to_string(i);
      ImapClient client = i % 2 ? bed.alice() : bed.bob();
      client.create(name);
      Between::add(std::move(client), name, static_cast<unsigned>(100 + i), 3);
    }
    std::string logs;
    bool done = false;
    for (int i = 0; !done && i < kRuns; ++i) {
      Run run = bed.program.run();
      done = run.exitStatus == 0;
      logs += run.log();
    }
    INFO(logs);
    for (const Snapshot& there : {Snapshot::of(bed.alice()), Snapshot::of(bed.bob())}) {
      CHECK(there.duplicates() == std::vector<std::string>());
      CHECK(there.mailboxes.size() == std::size_t{kMailboxes + 1});
    }
  }
}
