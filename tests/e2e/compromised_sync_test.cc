// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A sync that a net has broken into, and that lies to the others, through the whole program. It may ruin its
// own database and do to both mailboxes what IMAP can; it may not say more than that to a server, read or
// deliver what was not given to it, or make launch do what is not its to ask.
#include <signal.h>

#include <algorithm>
#include <cstdlib>

#include "tests/e2e/compromised_bed.h"

using namespace interimap::bed;
using interimap::ExitStatus;

namespace {

const char* const kNoPackets[] = {
    "rubbish",       "zeros",     "odd size",         "too long",           "two descriptors",
    "many segments", "cut short", "descriptor alone", "twenty descriptors", "pointers in circles"};

// Nobody who is lied to leaves a process, a packet that is not refused, or a server with commands that are
// none.
void checkRefused(const std::string& lie) {
  CAPTURE(lie);
  Lied bed;
  bed.later();
  Run run = bed.run("sync=" + lie);
  INFO(run.log());
  CHECK(isRefusal(run));
  bed.checkInOrder();
  bed.checkRecovers();
}

// It goes on for ever; SIGTERM ends it, and meanwhile nobody grows.
template <class Bed>
void checkEndsAtOnce(const Bed& bed, const char* name, const std::string& lie, const std::string& argument) {
  CAPTURE(lie);
  Command command = withLie(bed.program, name, "sync=" + lie, {argument});
  MemoryWatch memory;
  BackgroundProcess process(command, "/dev/null");
  const pid_t group = process.pid();
  memory.start(group);
  auto hasWorked = [&] {
    return processorTime(group) > std::chrono::milliseconds(300) ||
           std::ranges::any_of(workersOf(group), [](const auto& worker) {
             return processorTime(worker.second) > std::chrono::milliseconds(300);
           });
  };
  REQUIRE(eventually(hasWorked));
  CHECK(workersOf(group).size() <= 8);
  process.signal(SIGTERM);
  Outcome outcome = process.wait(kLongestLie);
  memory.stop();
  CHECK_FALSE(outcome.timedOut);
  CHECK(memory.proportional() < kMostMemoryOfLies);
  CHECK(eventually([&] { return processesOf(group) == ""; }));
}

}  // namespace

TEST_CASE("sync lies to a net: packets that are none") {
  NOT_THE_REFERENCE();
  for (const std::string lie : kNoPackets) checkRefused("remote=" + lie);
  checkRefused("local=rubbish");
  checkRefused("remote=descriptor not due");
}

TEST_CASE("sync lies to a net: bodies that are none, and what no server is to be told") {
  NOT_THE_REFERENCE();
  for (const std::string lie :
       {"append: bodies missing", "append: bodies unsealed", "append: bodies half sealed",
        "append: bodies a pipe", "append: bodies a short pipe", "append: bodies not memory",
        "append: bodies a directory", "append: offset outside", "append: size outside",
        "append: offset and size overflow", "append: too many messages", "append: no messages",
        "commands in an option", "flags with a line end", "flags with a parenthesis"})
    checkRefused("remote=" + lie);
}

TEST_CASE("sync lies to a net: what it may ask is one command, whatever is in it, or none") {
  NOT_THE_REFERENCE();
  for (const std::string lie : {"commands in a mailbox name", "commands in a pattern",
                                "commands in a reference", "fetch: no UIDs", "fetch: no bodies"}) {
    CAPTURE(lie);
    Lied bed;
    bed.later();
    Run run = bed.run("sync=remote=" + lie);
    INFO(run.log());
    CHECK(run.exitStatus >= 0);
    CHECK_FALSE(run.says("killed by"));
    for (const std::string& command : bed.remote.commands()) {
      CAPTURE(command);
      CHECK_FALSE(command.starts_with("DELETE"));
      CHECK(command.find("DELETE") == command.npos);
    }
    bed.checkInOrder();
    bed.checkRecovers();
  }
}

TEST_CASE("sync lies to launch: packets that are none, and reports that are not its to make") {
  NOT_THE_REFERENCE();
  for (const std::string lie : kNoPackets) checkRefused("launch=" + lie);
  for (const std::string lie : {"descriptor not due", "report: pulled", "report: wants a deliverer",
                                "report: exported", "report: locked twice", "report: of no component"})
    checkRefused("launch=" + lie);
}

TEST_CASE("sync lies to launch: what it may say harms nobody") {
  NOT_THE_REFERENCE();
  for (const std::string lie : {"report: of control characters", "report: a long line",
                                "report: numbers beyond all", "report: synchronised"}) {
    CAPTURE(lie);
    Lied bed;
    bed.later();
    Run run = bed.run("sync=launch=" + lie);
    INFO(run.log().substr(0, 20'000));
    CHECK(run.exitStatus == 0);
    CHECK(run.log().find('\x1b') == std::string::npos);
    CHECK(run.log().find("\nERROR: \x1b") == std::string::npos);
    bed.checkInOrder();
    bed.checkRecovers();
  }
}

TEST_CASE("sync does not come to an end") {
  NOT_THE_REFERENCE();
  {
    Lied bed;
    checkEndsAtOnce(bed, "interimap", "remote=requests without end", "--quiet");
    checkEndsAtOnce(bed, "interimap", "launch=report: lines without end", "--quiet");
    bed.checkRecovers();
  }
  PullScripted bed;
  bed.add(mails("m", 3));
  checkEndsAtOnce(bed, "pullimap", "launch=report: deliverers without end", "work");
  requireDone(bed.program.run());
  CHECK(bed.sink.messages().size() == 3);
}

TEST_CASE("sync lies to a delivery: refused, and no mail is lost") {
  NOT_THE_REFERENCE();
  std::vector<std::string> lies(std::begin(kNoPackets), std::end(kNoPackets));
  for (const char* lie :
       {"bodies missing", "bodies unsealed", "bodies a pipe", "bodies a short pipe", "bodies a directory",
        "offset outside", "size outside", "no recipients", "commands in a recipient"})
    lies.push_back(std::string("window: ") + lie);
  for (const std::string& lie : lies) {
    CAPTURE(lie);
    PullScripted bed;
    bed.add(mails("m", 6));
    Run run = runWithLie(bed.program, "pullimap", "sync=delivery=" + lie, {"--debug", "work"});
    INFO(run.log());
    CHECK(isRefusal(run));
    CHECK(bed.sink.count("RSET") == 0);
    CHECK(sql(bed.program.state(), "PRAGMA integrity_check") == "ok\n");
    Run second = bed.program.run();
    INFO("the next run:\n", second.log());
    CHECK((second.exitStatus == 0 || second.exitStatus == static_cast<int>(ExitStatus::tryAgain)));
    std::set<std::string> arrived;
    for (const SinkMessage& message : bed.sink.messages())
      arrived.insert(headerField(message.text, "Subject"));
    CHECK(arrived.size() == 6);
  }
}

// INTERIMAP_TORTURE=1: with a thousand seeds.
TEST_CASE("random changes to what a sync says") {
  NOT_THE_REFERENCE();
  const int seeds = getenv("INTERIMAP_TORTURE") ? 1000 : 9;
  for (int seed = 1; seed <= seeds; ++seed) {
    CAPTURE(seed);
    Lied bed;
    bed.later();
    const std::string victim = seed % 3 == 0 ? "launch" : seed % 3 == 1 ? "remote" : "local";
    const std::string lie =
        "sync=" + victim + "=corrupt:" + std::to_string(seed) + ":" + std::to_string(1 + seed % 5);
    BackgroundProcess process(withLie(bed.program, "interimap", lie, {"--debug"}),
                              bed.program.directory() / "stderr");
    const pid_t group = process.pid();
    // A sync that leaves a word out may keep everybody waiting.
    const bool waits = !eventually([&] { return !process.running(); }, std::chrono::seconds(10));
    if (waits) process.signal(SIGTERM);
    Outcome outcome = process.wait(kLongestLie);
    const std::string log = readFile(bed.program.directory() / "stderr");
    INFO(log);
    CHECK_FALSE(outcome.timedOut);
    CHECK(outcome.exitStatus >= 0);
    CHECK(log.find("killed by") == log.npos);
    CHECK(eventually([&] { return processesOf(group) == ""; }));
    bed.checkInOrder();
  }
}
