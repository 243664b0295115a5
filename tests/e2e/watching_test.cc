// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Acceptance scenarios 89 to 91: what a watcher says while nothing happens, and what it does when a server is
// gone. What it does when something happens: watch_test.cc.
#include <poll.h>

#include <algorithm>
#include <csignal>

#include "tests/e2e/eventually.h"
#include "tests/e2e/oracle.h"
#include "tests/e2e/scripted.h"
#include "tests/e2e/sql.h"
#include "tests/e2e/workers.h"

using namespace interimap::bed;
using namespace std::chrono_literals;

namespace {

long lists(const std::vector<std::string>& commands) {
  return std::ranges::count_if(commands, [](const std::string& each) { return each.starts_with("LIST "); });
}

bool saw(const std::vector<std::string>& commands, std::size_t from, const std::string& verb) {
  return std::any_of(commands.begin() + static_cast<std::ptrdiff_t>(from), commands.end(),
                     [&](const std::string& each) { return each.starts_with(verb); });
}

// Runs a watcher until what it is told to wait for, then ends it.
struct Watcher {
  explicit Watcher(const Interimap& watched, std::vector<std::string> arguments = {"--watch=1"})
      : program(watched), process(watched.runInBackground(std::move(arguments))) {}
  std::string log() const { return readFile(program.directory() / "stderr"); }
  void end() {
    CHECK(process.running());
    process.signal(SIGTERM);
    Outcome outcome = process.wait(20s);
    INFO(log());
    CHECK(outcome.exitStatus == 0);
  }
  const Interimap& program;
  BackgroundProcess process;
};

// New mail on one side gets to the other, a server's restart in between notwithstanding.
void checkSurvives(const Interimap& program, const std::function<ImapClient()>& alice,
                   const std::function<ImapClient()>& bob, const std::function<void()>& interrupt) {
  requireDone(program.run());
  Watcher watcher(program);
  Corpus corpus(5);
  alice().append("INBOX", corpus.smallMessages(2));
  auto equal = [&] { return bob().select("INBOX") == alice().select("INBOX"); };
  REQUIRE(eventually(equal));
  interrupt();
  alice().append("INBOX", corpus.smallMessages(2));
  bool arrived = eventually(equal, 60s);
  INFO(watcher.log());
  CHECK(arrived);
  CHECK(watcher.log().find("trying again in ") != std::string::npos);
  watcher.end();
}

}  // namespace

TEST_CASE("scenario 89: an idle cycle is one LIST for each side, and no mailbox stays selected") {
  Scripted bed;
  for (const char* name : {"INBOX", "a"}) Scripted::add(bed.local, name, 2, 1);
  requireDone(bed.program.run());
  Watcher watcher(bed.program);
  auto commands = [&] { return std::vector{bed.local.commands(), bed.remote.commands()}; };
  auto first = commands();
  REQUIRE(eventually([&] { return lists(bed.remote.commands()) >= lists(first[1]) + 4; }));
  auto idle = commands();
  for (std::size_t side : {0u, 1u}) {
    std::string said;
    for (std::size_t i = first[side].size(); i < idle[side].size(); ++i) said += idle[side][i] + "\n";
    CAPTURE(said);
    for (const char* verb : {"SELECT", "EXAMINE", "STATUS", "UID", "NOOP"})
      CHECK_FALSE(saw(idle[side], first[side].size(), verb));
  }
  long spread = lists(bed.local.commands()) - lists(bed.remote.commands());
  CHECK(std::abs(spread) <= 1);

  Scripted::add(bed.local, "a", 1, 2);
  REQUIRE(eventually([&] { return bed.there().messages() == 5; }));
  REQUIRE(eventually([&] { return saw(bed.local.commands(), first[0].size(), "UNSELECT"); }));
  REQUIRE(eventually([&] { return saw(bed.remote.commands(), first[1].size(), "UNSELECT"); }));
  watcher.end();
  checkNothingToDo(bed.program);
}

TEST_CASE("scenario 89: without UNSELECT a watcher gets along as well") {
  FakeOptions options;
  options.capabilities.erase(options.capabilities.find(" UNSELECT"));
  Scripted bed(options, options);
  Scripted::add(bed.local, "INBOX", 2, 1);
  requireDone(bed.program.run());
  Watcher watcher(bed.program);
  for (std::size_t messages = 3; messages < 6; ++messages) {
    Scripted::add(messages % 2 == 0 ? bed.local : bed.remote, "INBOX", 1, messages);
    REQUIRE(
        eventually([&] { return bed.here().messages() == messages && bed.there().messages() == messages; }));
  }
  CHECK_FALSE(saw(bed.remote.commands(), 0, "UNSELECT"));
  watcher.end();
}

TEST_CASE("scenario 90: with --notify, servers are looked at in any case after the seconds of --watch") {
  NOT_THE_REFERENCE();
  Bed bed;
  bed.alice().append("INBOX", Corpus(1).smallMessages(2));
  requireDone(bed.program.run());
  Watcher watcher(bed.program, {"--notify", "--watch=1", "--debug"});
  auto asked = [&] {
    std::string log = watcher.log();
    std::size_t at = log.rfind("NOTIFY SET"), count = 0;
    while (at != std::string::npos && (at = log.find(": C: ", at)) != std::string::npos) ++count, ++at;
    return count;
  };
  REQUIRE(eventually([&] { return watcher.log().find("NOTIFY SET") != std::string::npos; }));
  std::size_t before = asked();
  CHECK(eventually([&] { return asked() >= before + 2; }));
  watcher.end();
}

TEST_CASE("scenarios 89 and 90: a watcher sleeps while nothing happens") {
  NOT_THE_REFERENCE();
  Bed notified, asking;
  for (Bed* bed : {&notified, &asking}) {
    bed->alice().append("INBOX", Corpus(1).smallMessages(2));
    requireDone(bed->program.run());
  }
  Watcher first(notified.program, {"--notify"}), second(asking.program, {"--watch"});
  auto sleepFor = [](std::chrono::milliseconds time) { poll(nullptr, 0, static_cast<int>(time.count())); };
  auto wakings = [&] { return wakingsOf(first.process.pid()) + wakingsOf(second.process.pid()); };
  sleepFor(5s);
  // The second time nobody is due to be asked, whatever the first met.
  std::size_t count = 1;
  for (int attempts = 0; attempts < 2 && count > 0; ++attempts) {
    const std::size_t before = wakings();
    CHECK(before > 0);
    sleepFor(20s);
    count = wakings() - before;
  }
  CHECK(count == 0);
  first.end();
  second.end();
}

TEST_CASE("scenario 91, W9: a server that is restarted, over TLS") {
  NOT_THE_REFERENCE();
  Directory directory;
  Certificates certificates(directory / "certificates");
  DovecotOptions options{.certificate = certificates.server(), .key = certificates.key()};
  Dovecot local(directory / "local"), remote(directory / "remote", options);
  Account account{.type = "imaps",
                  .port = remote.imaps(),
                  .user = "bob",
                  .more = {"SSL_CAfile = " + certificates.authority().string()}};
  Interimap program(directory / "program", cleartext(local.imap(), "alice"), account);
  checkSurvives(
      program, [&] { return local.client("alice"); }, [&] { return remote.client("bob"); },
      [&] { remote.restart(); });
}

TEST_CASE("scenario 91, W9: a tunnel that is killed") {
  NOT_THE_REFERENCE();
  Directory directory;
  Dovecot local(directory / "local"), remote(directory / "remote");
  fs::path pid = directory / "pid", script = directory / "tunnel";
  writeFile(pid, "");
  writeFile(script, "#!/bin/sh\necho $$ >" + pid.string() + "\n" + remote.tunnelCommand("bob") + "\n", 0700);
  Interimap program(directory / "program", cleartext(local.imap(), "alice"), tunnel(script.string()));
  checkSurvives(
      program, [&] { return local.client("alice"); }, [&] { return remote.client("bob"); },
      [&] { kill(static_cast<pid_t>(std::stol(readFile(pid))), SIGKILL); });
}

TEST_CASE("scenario 91, W26: a server that says BYE: its words are shown") {
  NOT_THE_REFERENCE();
  Scripted bed;
  Scripted::add(bed.local, "INBOX", 2, 1);
  requireDone(bed.program.run());
  SUBCASE("one run: it ends with a message") {
    bed.remote.on("LIST", 1, {.octets = "* BYE down for maintenance\r\n", .close = true});
    Run run = bed.program.run();
    checkStatus(run, interimap::ExitStatus::unavailable);
    CHECK(run.says("down for maintenance"));
  }
  SUBCASE("a watcher: it comes back") {
    bed.remote.on("LIST", 2, {.octets = "* BYE down for maintenance\r\n", .close = true});
    Watcher watcher(bed.program);
    CHECK(eventually([&] { return watcher.log().find("down for maintenance") != std::string::npos; }));
    Scripted::add(bed.local, "INBOX", 1, 2);
    CHECK(eventually([&] { return bed.there().messages() == 3; }));
    watcher.end();
  }
}
