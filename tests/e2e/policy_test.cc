// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Sections [mailbox PATTERN]: what is carried over between the two sides of some mailboxes, and what is not.
#include <algorithm>

#include "tests/e2e/bed.h"
#include "tests/e2e/oracle.h"

using namespace interimap::bed;
using interimap::ExitStatus;

namespace {

struct Policed : Bed {
  Policed() : plain(program.configuration()) {}

  void want(const std::string& sections) const { program.configure(plain + "\n" + sections); }

  std::string plain;
};

std::vector<std::string> writes(const Run& run, std::string_view side) {
  std::vector<std::string> writes = run.commands(side);
  std::erase_if(writes, [](const std::string& command) {
    return std::ranges::none_of(
        std::vector<std::string_view>{"APPEND", "UID STORE", "UID EXPUNGE", "EXPUNGE", "CREATE", "DELETE",
                                      "RENAME", "SUBSCRIBE", "UNSUBSCRIBE", "UID COPY", "UID MOVE"},
        [&](std::string_view verb) { return command.starts_with(verb); });
  });
  return writes;
}

std::vector<Message> unflagged(Corpus& corpus, std::size_t count) {
  std::vector<Message> messages = corpus.smallMessages(count);
  for (Message& message : messages) message.flags.clear();
  return messages;
}

void fillUnflagged(ImapClient& client, Corpus& corpus, const std::vector<std::string>& mailboxes,
                   std::size_t messagesEach) {
  for (const std::string& mailbox : mailboxes) {
    if (mailbox != "INBOX") client.create(mailbox);
    client.append(mailbox, unflagged(corpus, messagesEach));
  }
}

Message dated(Corpus& corpus, const std::string& date) {
  Message message = corpus.smallMessage();
  message.internalDate = date;
  message.flags.clear();
  return message;
}

std::string today(int daysAgo) {
  std::time_t at = std::time(nullptr) - daysAgo * 86400;
  std::tm utc{};
  gmtime_r(&at, &utc);
  char text[64];
  std::strftime(text, sizeof text, "%d-%b-%Y 12:00:00 +0000", &utc);
  return text;
}

}  // namespace

TEST_CASE("policy: one way, the source is never written, and what happens to the copy stays there") {
  NOT_THE_REFERENCE();
  Policed bed;
  ImapClient alice = bed.alice(), bob = bed.bob();
  Corpus corpus(1, Keywords::none);
  fillUnflagged(bob, corpus, {"INBOX", "Work"}, 6);
  bed.want("[mailbox *]\ndirection = to-local\n");
  requireDone(bed.program.run());
  CHECK(difference(bed.here(), bed.there()) == "");
  checkNothingToDo(bed.program);

  alice.append("INBOX", unflagged(corpus, 2));
  alice.create("Mine");
  alice.append("Mine", unflagged(corpus, 1));
  alice.subscribe("Work");
  alice.select("INBOX");
  alice.store("1", "+FLAGS (\\Flagged)");
  alice.expunge("2");
  bob.select("INBOX");
  bob.store("3", "+FLAGS (\\Answered)");
  bob.expunge("4");
  bob.append("INBOX", unflagged(corpus, 1));
  const Snapshot before = bed.there();

  Run dry = bed.program.run({"--dry-run"});
  requireDone(dry);
  INFO(dry.log());
  CHECK(dry.says("direction = to-local of [mailbox *]"));
  CHECK(dry.says("Would not create Mine: direction = to-local of [mailbox *]"));
  CHECK(dry.says("Would not remove 1 UID(s) (direction = to-local of [mailbox *]) 2"));
  CHECK(dry.says("Would not add 2 UID(s) (direction = to-local of [mailbox *]) <- local UID 7:8"));

  Run run = bed.program.run();
  requireDone(run);
  INFO(run.log());
  CHECK(writes(run, "remote").empty());
  CHECK(difference(before, bed.there()) == "");
  CHECK(alice.select("INBOX") == 7);  // 6 - 2 + 2 + 1
  CHECK(alice.command("UID SEARCH ANSWERED").responses.at(0) == "SEARCH 3");
  CHECK(alice.command("UID SEARCH FLAGGED UID 1").responses.at(0) == "SEARCH 1");
  checkNothingToDo(bed.program);
  Run status = bed.program.run({"--status"});
  CHECK(status.exitStatus == 0);
  CHECK((status.log() + status.output)
            .find("2 messages on this side only, not copied, as the configuration "
                  "has it: direction = to-local") != std::string::npos);

  // The rules go: what was left undone is made up for, and what was kept is kept.
  bed.want("");
  requireDone(bed.program.run());
  checkNothingToDo(bed.program);
  CHECK(bob.select("INBOX") == 8);
  CHECK(alice.select("INBOX") == 7);
  CHECK(bob.select("Mine") == 1);
}

TEST_CASE("policy: the other way round, and what the first section says counts") {
  NOT_THE_REFERENCE();
  Policed bed;
  ImapClient alice = bed.alice(), bob = bed.bob();
  Corpus corpus(2, Keywords::none);
  fillUnflagged(alice, corpus, {"INBOX", "Archive/2024", "Work"}, 3);
  bed.want("[mailbox inbox]\n[mailbox Archive*]\ndirection = to-remote\n[mailbox *]\ndirection = to-local\n");
  requireDone(bed.program.run());
  CHECK(bob.select("INBOX") == 3);
  CHECK(bob.select("Archive/2024") == 3);
  CHECK_FALSE(bob.tryCommand("SELECT Work").ok());
  for (ImapClient* client : {&alice, &bob})
    for (const char* name : {"INBOX", "Archive/2024"}) client->append(name, unflagged(corpus, 1));
  requireDone(bed.program.run());
  CHECK(alice.select("INBOX") == 5);
  CHECK(bob.select("INBOX") == 5);
  CHECK(alice.select("Archive/2024") == 4);
  CHECK(bob.select("Archive/2024") == 5);
  checkNothingToDo(bed.program);
}

TEST_CASE("policy: what is never deleted stays, is not copied back, and is nobody's error") {
  NOT_THE_REFERENCE();
  Policed bed;
  ImapClient alice = bed.alice(), bob = bed.bob();
  Corpus corpus(3, Keywords::none);
  fillUnflagged(bob, corpus, {"INBOX", "Archive"}, 6);
  bed.want("[mailbox Archive]\ndeletions = never\n");
  requireDone(bed.program.run());
  checkNothingToDo(bed.program);
  auto uids = [](ImapClient& client) {
    client.select("Archive");
    return client.uids();
  };
  std::uint32_t next = 1;
  std::size_t here = 6, there = 6;
  for (const std::string deletions : {"never", "to-local", "to-remote"}) {
    CAPTURE(deletions);
    bed.want("[mailbox Archive]\ndeletions = " + deletions + "\n");
    uids(alice), uids(bob);
    alice.expunge(std::to_string(next++));
    bob.expunge(std::to_string(next++));
    --here, --there;
    if (deletions == "to-local") --here;
    if (deletions == "to-remote") --there;
    Run dry = bed.program.run({"--dry-run"});
    INFO(dry.log());
    CHECK(dry.says("deletions = " + deletions + " of [mailbox Archive]"));
    requireDone(bed.program.run());
    CHECK(uids(alice).size() == here);
    CHECK(uids(bob).size() == there);
    checkNothingToDo(bed.program);
    Run perl = bed.program.runWith(kPerl);
    requireDone(perl);
    CHECK(perl.changes() == "");
    checkNothingToDo(bed.program);
  }
  bed.want("");
  checkNothingToDo(bed.program);
  CHECK(bob.select("INBOX") == 6);
  // What is new there is still copied.
  bed.want("[mailbox Archive]\ndeletions = never\n");
  const std::size_t before = uids(bob).size();
  alice.select("INBOX");
  alice.command("UID COPY 1 Archive");
  requireDone(bed.program.run());
  CHECK(uids(bob).size() == before + 1);
  checkNothingToDo(bed.program);
}

TEST_CASE("policy: flags = no, create = no, max-deletions of one mailbox") {
  NOT_THE_REFERENCE();
  Policed bed;
  ImapClient alice = bed.alice(), bob = bed.bob();
  Corpus corpus(4, Keywords::none);
  fillUnflagged(alice, corpus, {"INBOX", "Lists"}, 4);
  bed.want("[mailbox Lists]\nflags = no\nmax-deletions = 1\n[mailbox INBOX]\n[mailbox *]\ncreate = no\n");
  alice.create("Private");
  bob.create("Other");
  bob.create("Lists");
  requireDone(bed.program.run());
  CHECK_FALSE(bob.tryCommand("SELECT Private").ok());
  CHECK_FALSE(alice.tryCommand("SELECT Other").ok());
  checkNothingToDo(bed.program);
  for (const char* name : {"INBOX", "Lists"}) {
    alice.select(name);
    alice.store("1:*", "+FLAGS (\\Draft)");
  }
  Run dry = bed.program.run({"--dry-run"});
  CHECK(dry.says("flags = no of [mailbox Lists]"));
  CHECK(dry.says("Would not create Private: create = no of [mailbox *]"));
  requireDone(bed.program.run());
  bob.select("INBOX");
  CHECK(bob.command("UID SEARCH UNDRAFT").responses.at(0) == "SEARCH");
  bob.select("Lists");
  CHECK(bob.command("UID SEARCH DRAFT").responses.at(0) == "SEARCH");
  checkNothingToDo(bed.program);
  alice.select("Lists");
  alice.expunge("1:2");
  checkStatus(bed.program.run(), ExitStatus::tryAgain);
  CHECK(bob.select("Lists") == 4);
  requireDone(bed.program.run({"--force-deletions"}));
  CHECK(bob.select("Lists") == 2);
}

TEST_CASE("policy: max-age and max-size leave out, and what enters later comes once") {
  NOT_THE_REFERENCE();
  Policed bed;
  ImapClient alice = bed.alice(), bob = bed.bob();
  Corpus corpus(5, Keywords::none);
  Message large = dated(corpus, today(1));
  for (int i = 0; i < 3000; ++i) large.text += "It is a long story, and this is a line of it.\r\n";
  bob.append("INBOX", {dated(corpus, today(2000)), dated(corpus, today(500)), dated(corpus, today(20)),
                       dated(corpus, today(0)), large});
  auto count = [&] { return alice.select("INBOX"); };
  bed.want("[mailbox INBOX]\nmax-age = 1y\nmax-size = 64K\n");
  Run dry = bed.program.run({"--dry-run"});
  INFO(dry.log());
  CHECK(dry.says("of [mailbox INBOX]"));
  requireDone(bed.program.run());
  CHECK(count() == 2);
  checkNothingToDo(bed.program);
  Run status = bed.program.run({"--status"});
  CHECK((status.log() + status.output).find("max-age = 1y") != std::string::npos);
  CHECK((status.log() + status.output).find("max-size = 64K") != std::string::npos);
  bed.want("[mailbox INBOX]\nmax-age = 2y\nmax-size = 64K\n");
  requireDone(bed.program.run());
  CHECK(count() == 3);
  checkNothingToDo(bed.program);
  // What is outside by now has been copied before: it stays on both sides, and its flags are still kept
  // equal.
  bed.want("[mailbox INBOX]\nmax-age = 1w\n");
  requireDone(bed.program.run());
  CHECK(count() == 4);  // the large one has come
  CHECK(bob.select("INBOX") == 5);
  bob.store("2:3", "+FLAGS (\\Draft)");
  requireDone(bed.program.run());
  count();
  CHECK(alice.command("UID SEARCH DRAFT").responses.at(0) != "SEARCH");
  // One that was outside goes, and is not missed.
  bob.select("INBOX");
  bob.expunge("1");
  requireDone(bed.program.run());
  bed.want("");
  synchronise(bed);
  CHECK(count() == 4);
}

TEST_CASE("policy: killed at each of its writes, a run with rules ends as one without kills") {
  NOT_THE_REFERENCE();
  for (int write = 1; write <= 12; ++write) {
    CAPTURE(write);
    Policed bed;
    ImapClient alice = bed.alice(), bob = bed.bob();
    Corpus corpus(6, Keywords::none);
    fillUnflagged(bob, corpus, {"INBOX"}, 4);
    bed.want("[mailbox INBOX]\ndirection = to-local\ndeletions = never\n");
    requireDone(bed.program.run());
    bob.select("INBOX");
    bob.expunge("1");
    alice.append("INBOX", unflagged(corpus, 1));
    bob.append("INBOX", unflagged(corpus, 2));
    const Snapshot before = bed.there();
    const std::string stop = "INTERIMAP_STOP_AT_WRITE=" + std::to_string(write);
    const bool isOver = bed.program.run({"--debug"}, {stop}).exitStatus == 0;
    requireDone(bed.program.run());
    checkNothingToDo(bed.program);
    CHECK(difference(before, bed.there()) == "");
    CHECK(alice.select("INBOX") == 7);
    if (isOver) break;
  }
}

TEST_CASE("policy: what rules cannot be is refused with its line, before any server is asked") {
  NOT_THE_REFERENCE();
  Policed bed;
  const struct {
    const char *sections, *says;
    int line;  // of these
  } table[] = {
      {"[mailbox]\n", "names no mailbox", 1},
      {"[mailbox \"]\n", "not a pattern", 1},
      {"[mailbox a b]\n", "one pattern is expected", 1},
      {"[mailbox a]\n[mailbox a]\n", "matches nothing", 2},
      {"[mailbox INBOX]\n[mailbox inbox]\n", "matches nothing", 2},
      {"[mailbox *]\n[mailbox a]\n", "matches nothing", 2},
      {"[mailbox A*]\n[mailbox A%c]\n", "matches nothing", 2},
      {"[mailbx a]\n", "Did you mean [mailbox a]?", 1},
      {"[Mailbox a]\n", "Did you mean [mailbox a]?", 1},
      {"[mailbox a]\ndirection = local\n", "Invalid option direction = local", 2},
      {"[mailbox a]\ndirektion = both\n", "Did you mean direction?", 2},
      {"[mailbox a]\nhost = b\n", "Invalid option host", 2},
      {"[mailbox a]\ndeletions = trash can\n", "Invalid option deletions", 2},
      {"[mailbox a]\nflags = maybe\n", "Invalid option flags", 2},
      {"[mailbox a]\nmax-age = 2\n", "as in 30d, 8w, 6m, 2y, expected", 2},
      {"[mailbox a]\nmax-age = 2 years\n", "Invalid option max-age", 2},
      {"[mailbox a]\nmax-age = 0d\n", "Invalid option max-age", 2},
      {"[mailbox a]\nmax-age = 99999999999999999999y\n", "Invalid option max-age", 2},
      {"[mailbox a]\nmax-size = -1\n", "Invalid option max-size", 2},
      {"[mailbox a]\ndirection = to-local\ndeletions = to-remote\n", "contradict each other", 3},
      {"[mailbox a]\ndirection = to-remote\ndeletions = to-local\n", "contradict each other", 3},
      {"[mailbox a]\ndeletions = never\nmax-deletions = 5\n", "contradict each other", 3},
  };
  const auto lines = std::ranges::count(bed.plain, '\n') + 1;
  for (const auto& row : table) {
    CAPTURE(std::string(row.sections));
    bed.want(row.sections);
    Run run = bed.program.run();
    checkStatus(run, ExitStatus::config);
    INFO(run.log());
    CHECK(run.says(row.says));
    CHECK(run.says(":" + std::to_string(lines + row.line) + ": "));
    CHECK(run.commands("local").empty());
  }
  bed.want("[mailbox Nothing*]\ndeletions = never\n");
  Run run = bed.program.run();
  requireDone(run);
  CHECK(run.says("No mailbox falls under [mailbox Nothing*]"));
}
