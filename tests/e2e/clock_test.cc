// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A clock that is set ahead and back all the time: nothing that is waited for, and nothing that is decided,
// hangs on CLOCK_REALTIME. It dates log lines and what is purged, and certificates are held against it.
#include <signal.h>

#include "tests/e2e/eventually.h"
#include "tests/e2e/pull_scripted.h"
#include "tests/e2e/scripted.h"

using namespace interimap::bed;
using namespace std::chrono_literals;
using interimap::ExitStatus;

namespace {

constexpr std::chrono::duration<double> kSoon{60};

// The clock, where the mail user may read it.
std::string jumping() {
  static const Directory directory;
  static const fs::path clock = [] {
    fs::permissions(directory.path(), fs::perms(0755));
    const fs::path from = fs::read_symlink("/proc/self/exe").parent_path() / "../clock/jumping.so";
    fs::copy_file(from, directory / "jumping.so");
    return directory / "jumping.so";
  }();
  return "LD_PRELOAD=" + clock.string();
}

}  // namespace

TEST_CASE("the clock does jump") {
  Outcome outcome = run({{"sh", "-c", "date +%Y; date +%Y"}, {jumping()}});
  Outcome now = run({{"date", "+%Y"}, {}});
  CHECK(outcome.output ==
        std::to_string(std::stoi(now.output) + 1) + "\n" + std::to_string(std::stoi(now.output) + 1) + "\n");
}

TEST_CASE("interimap under a clock that jumps: first, later and idle runs, after a kill, watching") {
  NOT_THE_REFERENCE();
  Scripted bed;
  for (std::uint64_t seed : {1, 2}) {
    Scripted::add(seed == 1 ? bed.local : bed.remote, "INBOX", 200, seed);
    Scripted::add(seed == 1 ? bed.local : bed.remote, "other", 20, seed + 2);
  }
  // Killed in the middle, so that there is a journal to be resumed.
  Run killed = bed.program.run({}, {jumping(), "INTERIMAP_STOP_AT_WRITE=9"});
  CHECK(killed.exitStatus != 0);
  for (int runs = 0; runs < 3; ++runs) {
    CAPTURE(runs);
    Run run = bed.program.run({"--debug"}, {jumping()});
    requireDone(run);
    CHECK(run.wall < kSoon);
    checkEqual(bed.here(), bed.there());
    Scripted::add(bed.local, "INBOX", 3, 10 + static_cast<std::uint64_t>(runs));
  }
  Command command = bed.program.command(programPath(), {"--watch=1"});
  command.environment.push_back(jumping());
  BackgroundProcess watcher(command, bed.program.directory() / "stderr");
  for (std::uint64_t seed : {20, 21, 22}) {
    Scripted::add(bed.remote, "INBOX", 2, seed);
    CHECK(eventually([&] { return bed.here() == bed.there(); }));
  }
  watcher.signal(SIGTERM);
  CHECK(watcher.wait(20s).exitStatus == 0);
  checkNothingToDo(bed.program);
}

TEST_CASE(
    "pullimap under a clock that jumps: what is put off is tried again, and a sink that was down is met") {
  PullScripted bed;
  bed.add(mails("m", 4));
  bed.sink.on("RCPT", 2, {.octets = "450 4.2.0 later\r\n"});
  Run first = bed.program.run({"--debug", "work"}, {jumping()});
  INFO(first.log());
  CHECK(first.exitStatus == static_cast<int>(ExitStatus::tryAgain));
  CHECK(bed.sink.messages().size() == 3);
  requireDone(bed.program.run({"--debug", "work"}, {jumping()}));
  CHECK(bed.sink.messages().size() == 4);

  // A message that was put off while the clock was a year ahead is not left alone for a year.
  bed.sink.on("RCPT", 1, {.octets = "450 4.2.0 later\r\n"});
  bed.add(mails("n", 1));
  Command command =
      bed.program.command(fs::path(programPath()).parent_path() / "pullimap", {"--idle=1", "work"});
  command.environment.push_back(jumping());
  BackgroundProcess watcher(command, bed.program.directory() / "stderr");
  REQUIRE(eventually([&] { return bed.sink.messages().size() == 5; }, 90s));
  bed.sink.stop();
  bed.add(mails("o", 1));
  REQUIRE(eventually([&] { return bed.program.log().find("Can't connect to ") != std::string::npos; }));
  bed.sink.start();
  bool sixth = eventually([&] { return bed.sink.messages().size() == 6; }, 90s);
  INFO(bed.program.log());
  CHECK(sixth);
  watcher.signal(SIGTERM);
  CHECK(watcher.wait(20s).exitStatus == 0);
}
