// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Weaknesses of the Perl program (weaknesses.md) that no acceptance scenario is about.
#include <algorithm>
#include <sstream>

#include "tests/e2e/eventually.h"
#include "tests/e2e/oracle.h"
#include "tests/e2e/scripted.h"
#include "tests/e2e/sql.h"

using namespace interimap::bed;
using interimap::ExitStatus;

namespace {

using Set = std::set<std::string>;

Set flagsAt(FakeServer& server, std::uint32_t uid) {
  Set result;
  server.access([&](auto& mailboxes) {
    for (const FakeMessage& m : mailboxes["INBOX"].messages) {
      if (m.uid == uid) result = m.flags;
    }
  });
  return result;
}

void setFlags(FakeServer& server, std::uint32_t uid, const Set& flags) {
  server.access([&](auto& mailboxes) {
    for (FakeMessage& m : mailboxes["INBOX"].messages) {
      if (m.uid == uid) mailboxes["INBOX"].setFlags(m, flags);
    }
  });
}

// What the program itself writes to its standard error, one call each.
std::vector<std::string> writesOf(const Interimap& program, const fs::path& trace) {
  Command command = program.command("strace", {"-e", "trace=write,writev,sendmsg", "-e", "write=2", "-s",
                                               "65536", "-o", trace.string(), programPath(), "--debug"});
  Run run{interimap::bed::run(command)};
  requireDone(run);
  std::vector<std::string> writes;
  std::istringstream lines(readFile(trace));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("write(2, \"")) writes.push_back(line.substr(10, line.rfind("\", ") - 10));
    CHECK_FALSE(line.starts_with("writev(2,"));
  }
  return writes;
}

}  // namespace

TEST_CASE("W12: --rename of a name that holds the other side's delimiter touches neither server") {
  NOT_THE_REFERENCE();
  Bed bed({.delimiter = '/', .mailLocation = "sdbox:~/sdbox"}, {.delimiter = '.'});
  for (const char* name : {"foo.bar", "plain"}) bed.alice().create(name);
  Snapshot here = bed.here(), there = bed.there();
  Run run = bed.program.run({"--rename", "foo.bar", "q"});
  INFO(run.log());
  CHECK(run.exitStatus != 0);
  CHECK(run.says("foo.bar"));
  CHECK(bed.here() == here);
  CHECK(bed.there() == there);
  run = bed.program.run({"--rename", "plain", "new.name"});
  INFO(run.log());
  CHECK(run.exitStatus != 0);
  CHECK(bed.here() == here);
  CHECK(bed.there() == there);
}

TEST_CASE("W24: the advice for a mailbox that is gone from one side tells both ways on") {
  NOT_THE_REFERENCE();
  Bed bed;
  Corpus corpus(1);
  {
    ImapClient alice = bed.alice();
    fill(alice, corpus, {"gone"}, 3);
  }
  requireDone(bed.program.run());
  bed.bob().command("DELETE gone");
  Run run = bed.program.run();
  checkStatus(run, ExitStatus::data);
  CHECK(run.says("Mailbox gone exists. Run `interimap --target=database --delete gone` to delete."));
  CHECK(run.says("--target=local,database --delete gone"));
  requireDone(bed.program.run({"--target=local,database", "--delete", "gone"}));
  synchronise(bed);
  CHECK_FALSE(bed.here().mailboxes.contains("gone"));
}

TEST_CASE("W31: the time that a run takes grows with the changes, not with their square") {
  NOT_THE_REFERENCE();
  constexpr std::size_t kMailboxes = 1500;
  Scripted bed;
  for (std::size_t i = 0; i < kMailboxes; ++i) Scripted::add(bed.local, "tree/" + std::to_string(i), 1, i);
  Scripted::add(bed.local, "INBOX", 3000, 4711);
  Run first = bed.program.run({"--quiet"});
  requireDone(first);
  bed.local.access([](auto& mailboxes) {
    FakeMailbox& box = mailboxes["INBOX"];
    for (std::size_t i = 0; i < box.messages.size(); i += 2) box.setFlags(box.messages[i], {"\\Seen"});
  });
  Run second = bed.program.run({"--quiet"});
  requireDone(second);
  MESSAGE("processor time: first run ", first.user.count() + first.system.count(), " s, second ",
          second.user.count() + second.system.count(), " s");
  CHECK(second.user.count() < first.user.count() + 1);
  checkEqual(bed.here(), bed.there());
}

TEST_CASE("W38: an interval below zero is refused") {
  NOT_THE_REFERENCE();
  Scripted bed;
  checkStatus(bed.program.run({"--watch=-1"}), ExitStatus::usage);
  CHECK(bed.local.commands().empty());
}

TEST_CASE("W42: a mailbox that only the settings hide is not forgotten") {
  NOT_THE_REFERENCE();
  Bed bed;
  Corpus corpus(3);
  {
    ImapClient alice = bed.alice();
    fill(alice, corpus, {"hidden", "stays"}, 3);
  }
  synchronise(bed);
  std::string known = mappedMessages(bed.program.database()), all = bed.program.configuration();
  for (const char* line :
       {"list-mailbox = stays", "ignore-mailbox = ^hidden$", "list-select-opts = SUBSCRIBED"}) {
    CAPTURE(std::string(line));
    bed.program.configure(std::string(line) + "\n" + all);
    requireDone(bed.program.run());
    CHECK(mappedMessages(bed.program.database()) == known);
  }
  bed.program.configure(all);
  checkNothingToDo(bed.program);
}

TEST_CASE("W45: flags that differ in case are the same") {
  NOT_THE_REFERENCE();
  Scripted bed;
  Scripted::add(bed.local, "INBOX", 3, 1);
  requireDone(bed.program.run());
  setFlags(bed.local, 1, {"\\Seen", "$Junk"});
  setFlags(bed.remote, 1, {"\\seen", "$junk"});
  setFlags(bed.remote, 2, {"\\SEEN"});
  setFlags(bed.local, 2, {"$forwarded"});
  Run run = bed.program.run();
  requireDone(run);
  CHECK_FALSE(run.says("Conflicting"));
  CHECK(flagsAt(bed.local, 1) == Set{"\\Seen", "$Junk"});
  CHECK(flagsAt(bed.remote, 1) == Set{"\\seen", "$junk"});
  CHECK(flagsAt(bed.local, 2).size() == 2);
  CHECK(flagsAt(bed.remote, 2).size() == 2);
  checkNothingToDo(bed.program);
}

TEST_CASE("W46: exit statuses tell what to do, and do not depend on what happened before") {
  NOT_THE_REFERENCE();
  Scripted bed;
  Scripted::add(bed.local, "INBOX", 1, 1);
  struct {
    std::vector<std::string> arguments;
    ExitStatus status;
  } rows[] = {{{}, ExitStatus::ok},
              {{"--no-such-option"}, ExitStatus::usage},
              {{"--config=nowhere"}, ExitStatus::config},
              {{"--delete", "INBOX"}, ExitStatus::usage}};
  for (int runs = 0; runs < 2; ++runs) {
    for (const auto& row : rows) checkStatus(bed.program.run(row.arguments), row.status);
  }
  Locked locked(bed.program.database());
  checkStatus(bed.program.run(), ExitStatus::tryAgain);
}

TEST_CASE("W47 and W48: an empty XDG variable is none, and a wrong line is named by its number") {
  NOT_THE_REFERENCE();
  Scripted bed;
  Command command = bed.program.command(
      "env",
      {"XDG_DATA_HOME=", "XDG_CONFIG_HOME=", "HOME=" + bed.program.directory().string(), programPath()});
  fs::path home = bed.program.directory();
  for (const char* part : {".config", ".local", ".local/share"}) makeDirectory(home / part);
  makeDirectory(home / ".config/interimap");
  writeFile(home / ".config/interimap/config", bed.program.configuration());
  requireDone(Run{interimap::bed::run(command)});
  CHECK(fs::exists(home / ".local/share/interimap/bed.db"));
  writeFile(home / ".config/interimap/config", bed.program.configuration() + "\nthis is no setting\n");
  Run run{interimap::bed::run(command)};
  checkStatus(run, ExitStatus::config);
  auto lines = std::ranges::count(bed.program.configuration(), '\n') + 2;
  CHECK(run.says("config:" + std::to_string(lines)));
}

TEST_CASE("W51: a log line is one write") {
  NOT_THE_REFERENCE();
  Scripted bed;
  Scripted::add(bed.local, "INBOX", 20, 1);
  std::vector<std::string> writes = writesOf(bed.program, bed.program.directory() / "trace");
  CHECK(writes.size() > 20);
  for (const std::string& text : writes) {
    CAPTURE(text);
    std::size_t end = text.find("\\n");
    CHECK(end != std::string::npos);
    CHECK(text.ends_with("\\n"));
  }
}

TEST_CASE("W52: time stamps in the logfile have six digits behind the point") {
  NOT_THE_REFERENCE();
  Directory where;
  Scripted bed({}, {}, {"logfile = " + (where / "log").string()});
  for (int runs = 0; runs < 3; ++runs) requireDone(bed.program.run());
  std::istringstream lines(readFile(where / "log"));
  std::size_t seen = 0;
  for (std::string line; std::getline(lines, line); ++seen) {
    CAPTURE(line);
    REQUIRE(line.size() > 23);
    CHECK(line[15] == '.');
    CHECK(line.find_first_not_of("0123456789", 16) == 22);
  }
  CHECK(seen > 50);
}
