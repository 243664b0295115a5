// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Servers that do not keep the flags they are given, or do not take them.
#include <algorithm>
#include <memory>
#include <mutex>
#include <regex>
#include <set>

#include "tests/e2e/scripted.h"

using namespace interimap;
using namespace interimap::bed;

namespace {

using Strings = std::vector<std::string>;

// The flags of the messages of INBOX, in their order.
std::vector<std::set<std::string>> flagsAt(FakeServer& server) {
  std::vector<std::set<std::string>> all;
  server.access([&](auto& mailboxes) {
    for (const FakeMessage& message : mailboxes["INBOX"].messages) all.push_back(message.flags);
  });
  return all;
}

void fill(FakeServer& server, std::size_t count, const std::set<std::string>& flags) {
  Scripted::add(server, "INBOX", count, 41);
  server.access([&](auto& mailboxes) {
    for (FakeMessage& message : mailboxes["INBOX"].messages) mailboxes["INBOX"].setFlags(message, flags);
  });
}

// What is found at a SELECT for the first time has lost its flags: APPEND ignored them.
void ignoreFlagsOfAppend(FakeServer& server) {
  auto seen = std::make_shared<std::set<std::uint32_t>>();
  server.on("SELECT INBOX.*", 0, {.alsoAnswer = true, .meanwhile = [seen](auto& mailboxes) {
                                    for (FakeMessage& message : mailboxes["INBOX"].messages)
                                      if (seen->insert(message.uid).second) message.flags.clear();
                                  }});
}

// Keywords are announced and accepted, and shown to nobody.
std::string withoutKeywords(const std::string& line) {
  std::smatch match;
  static const std::regex kFlags("^(.* FETCH .*FLAGS \\()([^)]*)(\\)[^]*)$");
  if (!std::regex_match(line, match, kFlags)) return line;
  std::string kept;
  std::string all = match[2];
  std::regex flag("[^ ]+");
  for (auto it = std::sregex_iterator(all.begin(), all.end(), flag); it != std::sregex_iterator(); ++it)
    if (it->str()[0] == '\\') kept += (kept.empty() ? "" : " ") + it->str();
  return match[1].str() + kept + match[3].str();
}

bool ranCommand(const FakeServer& server, const std::string& pattern) {
  return std::ranges::any_of(server.commands(), [&](const std::string& command) {
    return std::regex_match(command, std::regex(pattern, std::regex::icase));
  });
}

const std::set<std::string> kAll{"\\Seen", "\\Flagged", "label"};

}  // namespace

TEST_CASE("field 4: flags that APPEND ignores are stored, and the originals keep them") {
  NOT_THE_REFERENCE();
  Scripted bed;
  fill(bed.local, 4, kAll);
  ignoreFlagsOfAppend(bed.remote);
  requireDone(bed.program.run());
  for (FakeServer* server : {&bed.local, &bed.remote}) {
    REQUIRE(flagsAt(*server).size() == 4);
    for (const auto& flags : flagsAt(*server)) CHECK(flags == kAll);
  }
  checkNothingToDo(bed.program);
  // From now on what is missing was removed.
  ImapClient bob = bed.bob();
  bob.select("INBOX");
  bob.store("1", "-FLAGS (label)");
  requireDone(bed.program.run());
  CHECK(flagsAt(bed.local)[0] == std::set<std::string>{"\\Seen", "\\Flagged"});
  CHECK(flagsAt(bed.local)[1] == kAll);
}

TEST_CASE("field 4: killed at any write, flags that APPEND ignores stay on the originals, and are stored") {
  NOT_THE_REFERENCE();
  for (int write = 1; write <= 12; ++write) {
    CAPTURE(write);
    Scripted bed;
    fill(bed.local, 3, kAll);
    ignoreFlagsOfAppend(bed.remote);
    bed.program.run({}, {"INTERIMAP_STOP_AFTER_WRITE=" + std::to_string(write)});
    requireDone(bed.program.run());
    for (FakeServer* server : {&bed.local, &bed.remote}) {
      REQUIRE(flagsAt(*server).size() == 3);
      for (const auto& flags : flagsAt(*server)) CHECK(flags == kAll);
    }
    checkNothingToDo(bed.program);
  }
}

TEST_CASE("field 4: keywords that a server takes and does not keep are reported, and stay on the originals") {
  NOT_THE_REFERENCE();
  Scripted bed({}, {.rewrite = withoutKeywords});
  fill(bed.local, 4, kAll);
  Run run = bed.program.run();
  checkStatus(run, ExitStatus::tryAgain);
  CHECK(run.says("Flags (label) for UID 1:4 are not as they were stored"));
  for (const auto& flags : flagsAt(bed.local)) CHECK(flags == kAll);
  checkNothingToDo(bed.program);
  // Nor when something else is changed.
  ImapClient bob = bed.bob();
  bob.select("INBOX");
  bob.store("2", "+FLAGS (\\Answered)");
  bob.store("3", "-FLAGS (\\Seen)");
  checkStatus(bed.program.run(), ExitStatus::tryAgain);
  CHECK(flagsAt(bed.local)[1] == std::set<std::string>{"\\Answered", "\\Seen", "\\Flagged", "label"});
  CHECK(flagsAt(bed.local)[2] == std::set<std::string>{"\\Flagged", "label"});
  CHECK(flagsAt(bed.local)[3] == kAll);
  checkNothingToDo(bed.program);
}

TEST_CASE("field 14: a keyword that STORE refuses takes no other flag with it, and is reported") {
  NOT_THE_REFERENCE();
  Scripted bed;
  fill(bed.local, 2, {});
  requireDone(bed.program.run());
  const char* refusal = "";
  SUBCASE("NO") { refusal = "{tag} NO Too many user flags in mailbox\r\n"; }
  SUBCASE("BAD") { refusal = "{tag} BAD Invalid keyword\r\n"; }
  bed.remote.on("UID STORE .*toolong.*", 0, {.octets = refusal});
  ImapClient alice = bed.alice();
  alice.select("INBOX");
  alice.store("1", "+FLAGS (\\Answered \\Flagged toolong good)");
  alice.store("2", "+FLAGS (\\Answered toolong)");
  Run run = bed.program.run();
  checkStatus(run, ExitStatus::tryAgain);
  CHECK(run.says("Couldn't update flags (toolong) for UID 1:2"));
  CHECK(flagsAt(bed.remote)[0] == std::set<std::string>{"\\Answered", "\\Flagged", "good"});
  CHECK(flagsAt(bed.remote)[1] == std::set<std::string>{"\\Answered"});
  CHECK(flagsAt(bed.local)[0] == std::set<std::string>{"\\Answered", "\\Flagged", "toolong", "good"});
  checkNothingToDo(bed.program);
  // It is not taken for removed later on, either.
  ImapClient bob = bed.bob();
  bob.select("INBOX");
  bob.store("1", "-FLAGS (\\Flagged)");
  checkStatus(bed.program.run(), ExitStatus::tryAgain);
  checkNothingToDo(bed.program);
  CHECK(flagsAt(bed.local)[0] == std::set<std::string>{"\\Answered", "toolong", "good"});
}

TEST_CASE("field 14: a STORE that is refused for the moment is tried again") {
  NOT_THE_REFERENCE();
  Scripted bed;
  fill(bed.local, 1, {});
  requireDone(bed.program.run());
  bed.remote.on("UID STORE .*", 1, {.octets = "{tag} NO [INUSE] not now\r\n"});
  ImapClient alice = bed.alice();
  alice.select("INBOX");
  alice.store("1", "+FLAGS (work)");
  checkStatus(bed.program.run(), ExitStatus::tryAgain);
  bed.checkRecovers();
  CHECK(flagsAt(bed.remote)[0] == std::set<std::string>{"work"});
}

TEST_CASE("field 14: a keyword that APPEND refuses does not keep its message away") {
  NOT_THE_REFERENCE();
  Scripted bed;
  fill(bed.local, 5, {"\\Seen"});
  bed.local.access([](auto& mailboxes) {
    mailboxes["INBOX"].messages[1].flags = {"\\Flagged", "toolong"};
    mailboxes["INBOX"].messages[3].flags = {"work"};
  });
  const char* refusal = "";
  SUBCASE("NO") { refusal = "{tag} NO Invalid keyword\r\n"; }
  SUBCASE("BAD") { refusal = "{tag} BAD Invalid keyword\r\n"; }
  bed.remote.on("APPEND [^]*toolong[^]*", 0, {.octets = refusal});
  Run run = bed.program.run();
  checkStatus(run, ExitStatus::tryAgain);
  CHECK(run.says("UID 2 was refused by remote with (toolong)"));
  auto there = flagsAt(bed.remote);
  REQUIRE(there.size() == 5);
  std::ranges::sort(there);
  CHECK(there ==
        std::vector<std::set<std::string>>{{"\\Flagged"}, {"\\Seen"}, {"\\Seen"}, {"\\Seen"}, {"work"}});
  CHECK(flagsAt(bed.local)[1] == std::set<std::string>{"\\Flagged", "toolong"});
  checkNothingToDo(bed.program);
}

TEST_CASE("field 15: a flag that a writable mailbox does not let be stored is reported") {
  NOT_THE_REFERENCE();
  bool limited = false;
  Scripted bed({}, {.rewrite = [&limited](const std::string& line) {
                 return limited && line.find("[PERMANENTFLAGS") != std::string::npos
                            ? std::string("* OK [PERMANENTFLAGS (\\Seen)] few\r\n")
                            : line;
               }});
  fill(bed.local, 3, {"\\Flagged"});
  requireDone(bed.program.run());
  limited = true;
  ImapClient alice = bed.alice();
  alice.select("INBOX");
  alice.store("1", "+FLAGS (\\Answered \\Seen)");
  alice.store("2", "-FLAGS (\\Flagged)");
  Run run = bed.program.run();
  checkStatus(run, ExitStatus::tryAgain);
  CHECK(run.says("Not updating flags (\\Answered) of UID 1"));
  CHECK(run.says("Not updating flags (\\Flagged) of UID 2"));
  CHECK(flagsAt(bed.remote)[0] == std::set<std::string>{"\\Flagged", "\\Seen"});
  CHECK(flagsAt(bed.remote)[1] == std::set<std::string>{"\\Flagged"});
  CHECK(flagsAt(bed.local)[0] == std::set<std::string>{"\\Answered", "\\Flagged", "\\Seen"});
  CHECK(flagsAt(bed.local)[1].empty());
  CHECK_FALSE(ranCommand(bed.remote, "UID STORE .*(Answered|-FLAGS).*"));
  checkNothingToDo(bed.program);

  Run repair = bed.program.run({"--repair"});
  checkStatus(repair, ExitStatus::tryAgain);
  CHECK_FALSE(repair.says("Repairing."));  // as it cannot
  CHECK(repair.says("Not updating flags (\\Answered) of UID 1"));
  limited = false;
  CHECK(bed.program.run({"--repair"}).exitStatus == 0);
  CHECK(flagsAt(bed.remote)[0] == std::set<std::string>{"\\Answered", "\\Flagged", "\\Seen"});

  // What is copied, too.
  limited = true;
  Scripted::add(bed.local, "INBOX", 1, 43);
  bed.local.access([](auto& mailboxes) { mailboxes["INBOX"].messages[3].flags = {"\\Seen", "work"}; });
  Run copied = bed.program.run();
  checkStatus(copied, ExitStatus::tryAgain);
  CHECK(copied.says("Flags (work) cannot be stored here: local UID 4 is copied without them"));
  CHECK(flagsAt(bed.remote)[3] == std::set<std::string>{"\\Seen"});
  CHECK(flagsAt(bed.local)[3] == std::set<std::string>{"\\Seen", "work"});
  checkNothingToDo(bed.program);
}
