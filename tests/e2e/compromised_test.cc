// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A net or a delivery that was broken into and lies to sync, through the whole program: sync refuses, with
// 70, or what it was told is no more than a server may say. The database is in order after each lie, and the
// next honest run leaves both sides equal.
#include <signal.h>

#include <cstdlib>
#include <set>

#include "tests/e2e/compromised_bed.h"

using namespace interimap::bed;
using interimap::ExitStatus;

namespace {

void checkRefused(const std::string& lie, bool later) {
  CAPTURE(lie);
  Lied bed;
  if (later) bed.later();
  Run run = bed.run(lie);
  INFO(run.log());
  CHECK(isRefusal(run));
  bed.checkInOrder();
  bed.checkRecovers();
}

const char* const kAboutNothingElse[] = {"rubbish",
                                         "zeros",
                                         "odd size",
                                         "too long",
                                         "two descriptors",
                                         "twenty descriptors",
                                         "descriptor alone",
                                         "descriptor not due",
                                         "many segments",
                                         "cut short",
                                         "pointers in circles",
                                         "rubbish for launch"};

const char* const kRefused[] = {"unknown id",
                                "id 0",
                                "done twice",
                                "done out of order",
                                "after the end",
                                "appended unasked",
                                "ready for LIST",
                                "found for SELECT",
                                "messages for LIST",
                                "vanished for FETCH",
                                "listed for APPEND",
                                "bodies missing",
                                "bodies unsealed",
                                "bodies half sealed",
                                "bodies not memory",
                                "bodies a pipe",
                                "bodies a short pipe",
                                "bodies out of order",
                                "bodies a directory",
                                "offset outside",
                                "size outside",
                                "offset and size overflow",
                                "body not asked for",
                                "too large, not asked for",
                                "too many appended",
                                "too few appended",
                                "a flag with a line end",
                                "a flag with a parenthesis",
                                "a date that is none",
                                "a report that is not its own"};

// What a server might say as well. It is believed or not; nothing comes of it that lasts.
struct Borne {
  const char* lie;
  // What ends it: the next run; or the user's decision, as after a server was restored from a backup; or a
  // full comparison, as a change that nobody was told of has no other remedy.
  enum class Remedy { none, decision, repair } remedy = Remedy::none;
};
const Borne kBorne[] = {{"body twice"},
                        {"appended twice"},
                        {"appended all as one"},
                        {"appended as what is there"},
                        {"appended where nothing is", Borne::Remedy::decision},
                        {"appended in another mailbox"},
                        {"a UID never listed", Borne::Remedy::repair},
                        {"everything vanished"},
                        {"UIDNEXT goes back", Borne::Remedy::decision},
                        {"UIDVALIDITY changed", Borne::Remedy::decision},
                        {"HIGHESTMODSEQ beyond all", Borne::Remedy::decision},
                        {"selected twice"},
                        {"a word of control characters"},
                        {"hang up"}};

void remedy(const Lied& bed, Borne::Remedy remedy) {
  if (remedy == Borne::Remedy::none) return;
  Run next = bed.program.run();
  if (remedy == Borne::Remedy::repair) return requireDone(bed.program.run({"--repair"}));
  if (next.exitStatus == 0) return;
  checkStatus(next, ExitStatus::data);
  CHECK(next.changes() == "");
  CHECK(next.says("`interimap --target=database --delete INBOX`"));
  requireDone(bed.program.run({"--target=database", "--delete", "INBOX"}));
}

}  // namespace

TEST_CASE("packets that are none, from either net") {
  NOT_THE_REFERENCE();
  for (const std::string lie : kAboutNothingElse)
    for (const std::string role : {"local=", "remote="}) checkRefused(role + lie, false);
}

TEST_CASE("answers that no net may give") {
  NOT_THE_REFERENCE();
  for (const std::string lie : kRefused)
    for (bool later : {false, true}) checkRefused("remote=" + lie, later);
}

TEST_CASE("answers that are wrong, and might be a server's fault") {
  NOT_THE_REFERENCE();
  for (const Borne& row : kBorne) {
    for (bool later : {false, true}) {
      CAPTURE(std::string(row.lie));
      CAPTURE(later);
      Lied bed;
      if (later) bed.later();
      Run run = bed.run(std::string("remote=") + row.lie);
      INFO(run.log());
      CHECK(run.exitStatus >= 0);
      CHECK_FALSE(run.says("killed by"));
      CHECK(run.log().find('\x1b') == std::string::npos);
      bed.checkInOrder();
      remedy(bed, row.remedy);
      bed.checkRecovers();
    }
  }
}

TEST_CASE("a net that floods: refused") {
  NOT_THE_REFERENCE();
  for (const std::string lie : {"a flood of lists", "a flood of long names", "a flood of bodies"}) {
    CAPTURE(lie);
    Lied bed;
    Run run = bed.run("remote=" + lie);
    INFO(run.log().substr(0, 4000));
    CHECK(run.exitStatus != 0);
    bed.checkInOrder();
    bed.checkRecovers();
  }
}

// As a server may: there is no telling how many changes are still to come.
TEST_CASE("a net that goes on for ever takes no memory, and does not keep SIGTERM waiting") {
  NOT_THE_REFERENCE();
  Lied bed;
  Command command = withLie(bed.program, "interimap", "remote=a flood of messages", {});
  MemoryWatch memory;
  BackgroundProcess process(command, bed.program.directory() / "stderr");
  const pid_t group = process.pid();
  memory.start(group);
  auto floods = [&] {
    auto workers = workersOf(group);
    return workers.contains("remote") && processorTime(workers["remote"]) > std::chrono::milliseconds(500);
  };
  REQUIRE(eventually(floods));
  process.signal(SIGTERM);
  Outcome outcome = process.wait(std::chrono::seconds(8));
  memory.stop();
  INFO(readFile(bed.program.directory() / "stderr"));
  CHECK(outcome.exitStatus == 0);
  CHECK(memory.proportional() < kMostMemoryOfLies);
  CHECK(eventually([&] { return processesOf(group) == ""; }));
  bed.checkInOrder();
  bed.checkRecovers();
}

// INTERIMAP_TORTURE=1: with a thousand seeds.
TEST_CASE("random changes to what a net says") {
  NOT_THE_REFERENCE();
  const int seeds = getenv("INTERIMAP_TORTURE") ? 1000 : 12;
  int refused = 0;
  for (int seed = 1; seed <= seeds; ++seed) {
    CAPTURE(seed);
    Lied bed;
    if (seed % 2 == 0) bed.later();
    const std::string role = seed % 4 < 2 ? "local" : "remote";
    Run run = bed.run(role + "=corrupt:" + std::to_string(seed) + ":" + std::to_string(1 + seed % 5));
    INFO(run.log());
    refused += isRefusal(run);
    CHECK(run.exitStatus >= 0);
    CHECK_FALSE(run.says("killed by"));
    bed.checkInOrder();
  }
  MESSAGE(refused, " of ", seeds, " refused");
  CHECK(refused > seeds / 2);
}

TEST_CASE("a delivery that lies about messages is refused, and none is lost") {
  NOT_THE_REFERENCE();
  std::vector<std::string> lies(std::begin(kAboutNothingElse), std::end(kAboutNothingElse));
  for (const char* lie : {"not in the window", "far outside", "twice", "no outcomes", "too many outcomes",
                          "another window", "id 0", "done before the end", "a flood"})
    lies.push_back(std::string("settled: ") + lie);
  for (const std::string& lie : lies) {
    CAPTURE(lie);
    PullScripted bed;
    bed.add(mails("m", 6));
    Run run = runWithLie(bed.program, "pullimap", "delivery=" + lie, {"--debug", "work"});
    INFO(run.log());
    CHECK(isRefusal(run));
    CHECK(sql(bed.program.state(), "PRAGMA integrity_check") == "ok\n");
    Run second = bed.program.run();
    INFO("the next run:\n", second.log());
    CHECK((second.exitStatus == 0 || second.exitStatus == static_cast<int>(ExitStatus::tryAgain)));
    // All of it is delivered, or in doubt and named as such; what came twice was in doubt.
    std::set<std::string> arrived;
    for (const SinkMessage& message : bed.sink.messages())
      arrived.insert(headerField(message.text, "Subject"));
    CHECK(arrived.size() == 6);
    CHECK(duplicates(bed.sink.messages()).size() <= uidsOf(run.log() + second.log(), kInDoubt).size());
  }
}

TEST_CASE("pullimap's net lies: refused, and nothing is delivered twice") {
  NOT_THE_REFERENCE();
  for (const std::string lie : {"rubbish", "descriptor not due", "unknown id", "done out of order",
                                "bodies missing", "bodies unsealed", "bodies a short pipe", "offset outside",
                                "offset and size overflow", "body not asked for"}) {
    CAPTURE(lie);
    PullScripted bed;
    bed.add(mails("m", 6));
    Run run = runWithLie(bed.program, "pullimap", "net=" + lie, {"--debug", "work"});
    INFO(run.log());
    CHECK(isRefusal(run));
    CHECK(sql(bed.program.state(), "PRAGMA integrity_check") == "ok\n");
    Run second = bed.program.run();
    INFO("the next run:\n", second.log());
    CHECK(second.exitStatus == 0);
    CHECK(bed.sink.messages().size() == 6);
  }
}
