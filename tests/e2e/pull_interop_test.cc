// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Our program and the Perl one on the same state, in turns.

#include <signal.h>
#include <unistd.h>

#include "tests/e2e/pull_bed.h"

using namespace interimap::bed;
using namespace std::chrono_literals;

namespace {

bool havePerl() {
  if (access(kPerlPull, X_OK) == 0) return true;
  MESSAGE("skipped: needs the Perl program");
  return false;
}

struct Turns : PullBed {
  // With plain extensions: the Perl program knows PIPELINING only.
  void perl(int status = 0) {
    Run run = program.runPerl();
    INFO(run.log());
    REQUIRE((run.exitStatus == 0) == (status == 0));
  }
  void ours() { requireDone(program.run()); }
  void goBack() {
    fs::path exported = program.directory() / "exported";
    fs::remove(exported);
    requireDone(program.run({"--export-statefile=" + exported.string(), "work"}));
    fs::remove(program.state());
    fs::remove(program.state().string() + ".reference");
    writeFile(program.state(), readFile(exported));
  }
  std::size_t stateSize() const { return fs::file_size(program.state()); }
  void checkOnce(std::size_t count) {
    CHECK(duplicates(sink.messages()).empty());
    CHECK(sink.messages().size() == count);
  }
};

}  // namespace

TEST_CASE_FIXTURE(Turns, "scenario 96: the Perl program's state is continued, and back, round and round") {
  if (!havePerl()) return;
  std::size_t count = 0;
  for (int round = 0; round < 3; ++round) {
    CAPTURE(round);
    append(mails("p" + std::to_string(round), 3));
    perl();
    REQUIRE(stateSize() == 8);
    checkOnce(count += 3);
    append(mails("o" + std::to_string(round), 3));
    ours();
    checkOnce(count += 3);
    goBack();
  }
  perl();
  checkOnce(count);
}

TEST_CASE_FIXTURE(Turns,
                  "scenario 96: after the Perl program failed midway, what it had delivered is not again") {
  if (!havePerl()) return;
  append(mails("a", 2));
  perl();
  append(mails("b", 5));
  // It ends at the first thing that is not as it expects, with what it has delivered listed behind byte 8.
  const char* fault = "";
  SUBCASE("5xx") { fault = "554 5.6.0 no\r\n"; }
  SUBCASE("4xx") { fault = "451 4.3.0 later\r\n"; }
  SUBCASE("hang up") { fault = ""; }
  sink.on("\\.", 4, {.octets = fault, .close = *fault == '\0'});
  perl(1);
  CHECK(stateSize() > 8);
  std::size_t delivered = sink.messages().size();
  CHECK(delivered == 5);
  sink.forget();
  ours();
  checkOnce(7);
  CHECK(seenUids(alice()) == "1 2 3 4 5 6 7");
}

TEST_CASE_FIXTURE(
    Turns, "scenario 96: the Perl program killed while the server hangs is continued without a duplicate") {
  if (!havePerl()) return;
  append(mails("a", 5));
  sink.on("\\.", 4, {.hang = true});
  {
    BackgroundProcess killed(program.command(kPerlPull, {}), program.directory() / "perl.log");
    REQUIRE(eventually([&] { return sink.hangs(); }));
  }
  REQUIRE(eventually([&] { return !sink.hangs(); }));
  CHECK(stateSize() == 8 + 3 * 4);
  sink.forget();
  ours();
  checkOnce(5);
}

TEST_CASE_FIXTURE(Turns, "what we could not deliver, the Perl program finds undelivered") {
  if (!havePerl()) return;
  append(mails("a", 5));
  sink.on("\\.", 2, {"554 5.6.0 no\r\n"});
  sink.on("\\.", 3, {"451 4.3.0 later\r\n"});
  Run run = program.run();
  CHECK(run.exitStatus == 65);
  checkOnce(3);
  goBack();
  sink.forget();
  perl();
  checkOnce(5);
  CHECK(seenUids(alice()) == "1 2 3 4 5");
}
