// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Mailboxes that both sides have and of which nobody remembers which message is which: UIDVALIDITY changed,
// the database is lost, or both were filled before the first run.
#include <algorithm>

#include "tests/e2e/saved_bed.h"
#include "tests/e2e/scripted.h"
#include "tests/e2e/sql.h"

using namespace interimap::bed;
using interimap::ExitStatus;

namespace {

const std::string kText = "Message-ID: <one@example>\r\nSubject: ";
const std::string kDate = "02-Feb-2021 03:04:05 +0000", kLater = "03-Feb-2021 03:04:05 +0000";

// Nobody knows any of its UIDs any more, and their order is another one.
void renumber(FakeServer& server, const std::string& name, std::uint32_t validity) {
  server.access([&](auto& mailboxes) {
    FakeMailbox old = std::exchange(mailboxes[name], {});
    FakeMailbox& box = mailboxes[name];
    box.uidValidity = validity;
    box.subscribed = old.subscribed;
    std::reverse(old.messages.begin(), old.messages.end());
    for (const FakeMessage& message : old.messages)
      box.add(message.text, message.flags, message.internalDate);
  });
}

std::size_t count(const Snapshot& account, const std::string& mailbox) {
  return account.mailboxes.at(mailbox).messages.size();
}

// Nothing was written to either server but flags.
void checkNothingCopied(const Run& run) {
  INFO(run.log());
  CHECK_FALSE(run.sent("APPEND"));
  CHECK_FALSE(run.sent("UID EXPUNGE"));
}

}  // namespace

TEST_CASE(
    "scenario 84: UIDVALIDITY changed on either side or both: messages are recognised, new ones go on") {
  NOT_THE_REFERENCE();
  for (const std::string where : {"local", "remote", "local remote"}) {
    CAPTURE(where);
    Scripted bed;
    for (const char* name : {"INBOX", "other"}) Scripted::add(bed.local, name, 7, 1);
    requireDone(bed.program.run());
    if (where.find("local") != where.npos) renumber(bed.local, "INBOX", 4242);
    if (where.find("remote") != where.npos) renumber(bed.remote, "INBOX", 4243);
    Run run = bed.program.run();
    requireDone(run);
    checkNothingCopied(run);
    INFO(run.log());
    CHECK(run.says("WARNING: UIDVALIDITY changed! (424"));
    CHECK(run.says("Every message compared: 7 of 7 known messages are the same on both sides."));
    checkEqual(bed.here(), bed.there());
    checkNothingToDo(bed.program);

    Scripted::add(bed.local, "INBOX", 1, 2);
    Scripted::add(bed.remote, "INBOX", 2, 3);
    bed.alice().select("INBOX");
    renumber(bed.remote, "INBOX", 4244);
    requireDone(bed.program.run());
    CHECK(count(bed.here(), "INBOX") == 10);
    checkEqual(bed.here(), bed.there());
    // An expunge finds the right one.
    {
      ImapClient bob = bed.bob();
      bob.select("INBOX");
      bob.expunge("2,5");
    }
    requireDone(bed.program.run());
    CHECK(count(bed.here(), "INBOX") == 8);
    checkEqual(bed.here(), bed.there());
    checkNothingToDo(bed.program);
  }
}

TEST_CASE("UIDVALIDITY changed: flags go on from what is known") {
  NOT_THE_REFERENCE();
  Scripted bed;
  Scripted::add(bed.local, "INBOX", 4, 1);
  {
    ImapClient alice = bed.alice();
    alice.select("INBOX");
    alice.store("1:3", "+FLAGS (\\Seen)");
    requireDone(bed.program.run());
    alice.store("1", "-FLAGS (\\Seen)");  // is carried over
    alice.store("4", "+FLAGS (\\Answered)");
  }
  renumber(bed.remote, "INBOX", 4242);
  {
    ImapClient bob = bed.bob();
    bob.select("INBOX");
    bob.store("1", "+FLAGS (\\Flagged)");  // once UID 4
    bob.store("3", "-FLAGS (\\Seen)");     // once UID 2: may have been lost with its UID
  }
  requireDone(bed.program.run());
  checkEqual(bed.here(), bed.there());
  std::string flags;
  bed.local.access([&](auto& mailboxes) {
    for (const FakeMessage& message : mailboxes["INBOX"].messages) {
      for (const std::string& flag : message.flags) flags += flag + " ";
      flags += "| ";
    }
  });
  CHECK(flags == "| \\Seen | \\Seen | \\Answered \\Flagged | ");
  checkNothingToDo(bed.program);
}

TEST_CASE("UIDVALIDITY changed: what was expunged meanwhile comes back, rather than that anything is lost") {
  NOT_THE_REFERENCE();
  Scripted bed;
  Scripted::add(bed.local, "INBOX", 5, 1);
  requireDone(bed.program.run());
  {
    ImapClient alice = bed.alice();
    alice.select("INBOX");
    alice.expunge("2");
  }
  renumber(bed.remote, "INBOX", 4242);
  Run run = bed.program.run();
  requireDone(run);
  CHECK(run.says("4 of 4 known messages"));
  CHECK(count(bed.here(), "INBOX") == 5);
  checkEqual(bed.here(), bed.there());
  checkNothingToDo(bed.program);
}

TEST_CASE("UIDVALIDITY changes again while messages are compared") {
  NOT_THE_REFERENCE();
  for (unsigned nth = 1; nth <= 8; ++nth) {
    CAPTURE(nth);
    Scripted bed;
    for (const char* name : {"INBOX", "other"}) Scripted::add(bed.local, name, 4, 1);
    requireDone(bed.program.run());
    renumber(bed.remote, "INBOX", 4242);
    renumber(bed.remote, "other", 4243);
    bed.remote.on("(SELECT|UID FETCH)", nth,
                  {.alsoAnswer = true, .meanwhile = [&](auto&) { renumber(bed.remote, "INBOX", 5000); }});
    bed.program.run();
    CHECK(bed.here().duplicates().empty());
    requireDone(bed.program.run());
    CHECK(count(bed.here(), "INBOX") == 4);
    CHECK(count(bed.here(), "other") == 4);
    checkEqual(bed.here(), bed.there());
    checkNothingToDo(bed.program);
  }
}

// The same Message-ID, date and size; the bodies tell which is which, and how many there are.
TEST_CASE("messages that look the same are told apart by their bodies") {
  NOT_THE_REFERENCE();
  struct Row {
    const char *here, *there;  // a letter each: the body
    std::size_t messages;      // of both, in the end
  };
  for (const Row& row : {Row{"ab", "ba", 2}, Row{"ab", "b", 2}, Row{"a", "bc", 3}, Row{"aab", "ab", 3},
                         Row{"aa", "aa", 2}, Row{"abc", "bcd", 4}}) {
    CAPTURE(std::string(row.here));
    CAPTURE(std::string(row.there));
    Scripted bed;
    for (auto [server, letters] : {std::pair(&bed.local, row.here), std::pair(&bed.remote, row.there)})
      server->access([&, each = std::string(letters)](auto& mailboxes) {
        for (char letter : each) mailboxes["INBOX"].add(kText + letter + "\r\n\r\n" + letter, {}, kDate);
      });
    requireDone(bed.program.run());
    Snapshot here = bed.here();
    CHECK(difference(here, bed.there()) == "");
    CHECK(count(here, "INBOX") == row.messages);
    checkNothingToDo(bed.program);
  }
}

TEST_CASE("servers that do not agree on a size, or on when a message came: the body tells") {
  NOT_THE_REFERENCE();
  struct Row {
    const char *text, *date;  // there
    bool adopt;
    std::size_t messages;  // of both, in the end
  };
  const Row rows[] = {
      {"x\r\n\r\nbody\r\n", kDate.c_str(), false, 1},  // the same
      {"x\r\n\r\nbody\r\n", kLater.c_str(), false, 1},
      {"x\r\n\r\nbody\n", kDate.c_str(), true, 1},
      {"x\r\n\r\nbody\n", kDate.c_str(), false, 1},
      {"x\r\n\r\nabcd\r\n", kLater.c_str(), true, 2},
      {"x\r\n\r\nsomething else\r\n", kDate.c_str(), true, 2},
  };
  for (const Row& row : rows) {
    CAPTURE(std::string(row.text));
    CAPTURE(row.adopt);
    Scripted bed;
    bed.local.access([&](auto& all) { all["INBOX"].add(kText + "x\r\n\r\nbody\r\n", {}, kDate); });
    bed.remote.access([&](auto& all) { all["INBOX"].add(kText + row.text, {}, row.date); });
    requireDone(bed.program.run(row.adopt ? std::vector<std::string>{"--debug", "--adopt"}
                                          : std::vector<std::string>{"--debug"}));
    CHECK(count(bed.here(), "INBOX") == row.messages);
    CHECK(count(bed.there(), "INBOX") == row.messages);
    checkNothingToDo(bed.program);
  }
}

TEST_CASE("UIDVALIDITY changed on a server that lost track of sizes and dates, too") {
  NOT_THE_REFERENCE();
  Bed bed;
  Corpus corpus(3);
  bed.alice().append("INBOX", corpus.smallMessages(20));
  requireDone(bed.program.run());
  bed.remote.doveadm({"mailbox", "update", "-u", "bob", "--uid-validity", "1234567", "INBOX"});
  Run run = bed.program.run();
  requireDone(run);
  checkNothingCopied(run);
  CHECK(run.says("20 of 20 known messages"));
  checkEqual(bed.here(), bed.there());
  checkNothingToDo(bed.program);
}

TEST_CASE("a lost database: nothing is copied again, flags are united, --dry-run says what is paired") {
  NOT_THE_REFERENCE();
  for (const bool adopt : {false, true}) {
    CAPTURE(adopt);
    Bed bed;
    Corpus corpus(4);
    {
      ImapClient alice = bed.alice(), bob = bed.bob();
      fill(alice, corpus, {"INBOX", "a"}, 8);
      fill(bob, corpus, {"INBOX", "b"}, 8);
    }
    requireDone(bed.program.run());
    fs::remove(bed.program.database());
    bed.alice().append("INBOX", corpus.smallMessages(1));
    std::vector<std::string> arguments{"--debug"};
    if (adopt) arguments.push_back("--adopt");
    auto dryly = arguments;
    dryly.push_back("--dry-run");
    Run dry = bed.program.run(dryly);
    requireDone(dry);
    INFO(dry.log());
    CHECK(dry.says("local(INBOX): Would pair 16 UID(s) 1:16 on both sides already: remote UID(s) "));
    CHECK(dry.says("remote(INBOX): Would add 1 UID(s) <- local UID 17"));
    CHECK(dry.says("local(a): Would pair 8 UID(s)"));
    CHECK_FALSE(fs::exists(bed.program.database()));
    Run run = bed.program.run(arguments);
    requireDone(run);
    CHECK(run.says("local(INBOX): Found 16 UID(s) 1:16 on both sides already: remote UID(s) "));
    CHECK(count(bed.there(), "INBOX") == 17);
    checkEqual(bed.here(), bed.there());
    checkNothingToDo(bed.program);
  }
}

TEST_CASE("--adopt: below 99 of 100, and after a backup; --dry-run tells") {
  NOT_THE_REFERENCE();
  for (const bool restored : {false, true}) {
    CAPTURE(restored);
    Scripted bed;
    for (const char* name : {"INBOX", "other"}) Scripted::add(bed.local, name, 6, 1);
    requireDone(bed.program.run());
    bed.remote.access([&](auto& mailboxes) {
      FakeMailbox& box = mailboxes["INBOX"];
      box.messages.resize(3);
      if (restored)
        box.uidNext = 4;
      else
        box.uidValidity = 4242;
    });
    Scripted::add(bed.remote, "INBOX", 1, 2);
    for (int runs = 0; runs < 2; ++runs) {
      Run run = bed.program.run();
      checkStatus(run, ExitStatus::data);
      CHECK(run.says("remote(INBOX): ERROR: "));
      CHECK(run.says("`interimap --adopt INBOX`"));
      CHECK(count(bed.here(), "INBOX") == 6);
      CHECK(count(bed.there(), "INBOX") == 4);
    }
    Run dry = bed.program.run({"--adopt", "--dry-run"});
    INFO(dry.log());
    CHECK(dry.exitStatus == 0);
    CHECK(dry.says("local(INBOX): Would pair 3 UID(s) 1:3 on both sides already: remote UID(s) 1:3"));
    CHECK(dry.says("remote(INBOX): Would add 3 UID(s) <- local UID 4:6"));
    CHECK(dry.says("local(INBOX): Would add 1 UID(s) <- remote UID "));
    CHECK(count(bed.here(), "INBOX") == 6);

    requireDone(bed.program.run({"--debug", "--adopt", "other"}));  // not this one
    CHECK(count(bed.here(), "INBOX") == 6);
    Run run = bed.program.run({"--debug", "--adopt", "INBOX"});
    requireDone(run);
    CHECK_FALSE(run.sent("UID EXPUNGE"));
    CHECK(count(bed.here(), "INBOX") == 7);
    checkEqual(bed.here(), bed.there());
    checkNothingToDo(bed.program);
    checkNothingToDo(bed.program);
  }
}

TEST_CASE("--adopt where all is well does what a run does") {
  NOT_THE_REFERENCE();
  Bed bed;
  Corpus corpus(5);
  bed.alice().append("INBOX", corpus.smallMessages(5));
  requireDone(bed.program.run());
  Run idle = bed.program.run({"--debug", "--adopt"});
  requireDone(idle);
  CHECK_FALSE(idle.sent("SELECT"));
  {
    ImapClient alice = bed.alice();
    alice.select("INBOX");
    alice.expunge("2");
    alice.append("INBOX", corpus.smallMessages(2));
  }
  requireDone(bed.program.run({"--debug", "--adopt"}));
  CHECK(count(bed.there(), "INBOX") == 6);
  checkEqual(bed.here(), bed.there());
}

TEST_CASE_FIXTURE(SavedBed, "UIDVALIDITY changed: killed at every write of the recovery") {
  NOT_THE_REFERENCE();
  Corpus corpus(6);
  {
    ImapClient first = alice(), second = bob();
    fill(first, corpus, {"INBOX", "a"}, 5);
    fill(second, corpus, {"INBOX"}, 3);
  }
  requireDone(program.run());
  {
    ImapClient first = alice(), second = bob();
    first.append("INBOX", corpus.smallMessages(2));
    second.append("INBOX", corpus.smallMessages(2));
    first.select("INBOX");
    first.store("1:2", "+FLAGS (\\Flagged)");
  }
  remote.doveadm({"mailbox", "update", "-u", "bob", "--uid-validity", "1234567", "INBOX"});
  save();
  requireDone(program.run());
  const Snapshot expected = here();
  checkEqual(expected, there());
  CHECK(count(expected, "INBOX") == 12);
  for (const std::string when : {"INTERIMAP_STOP_AT_WRITE=", "INTERIMAP_STOP_AFTER_WRITE="}) {
    int n = 1;
    for (; n <= 50; ++n) {
      INFO(when, n);
      restore();
      Run killed = program.run({"--debug"}, {when + std::to_string(n)});
      if (killed.exitStatus == 0) break;
      INFO("the killed run:\n", killed.log());
      checkConverges(expected);
    }
    CHECK(n > 3);
    CHECK(n <= 50);
  }
}
