// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// pullimap that stays: mail is delivered as it comes, whatever ends in between.

#include <signal.h>

#include "tests/e2e/pull_bed.h"

using namespace interimap::bed;
using namespace std::chrono_literals;

namespace {

constexpr const char* kHour = "--idle=3600";  // so that nothing comes by the interval alone

// Until one is watching, which is told the service manager, or in the log of what is said to the server.
bool idling(const Pullimap& program, std::size_t times = 1) {
  return eventually([&] {
    std::size_t seen = 0;
    std::string log = program.log();
    for (std::size_t at = 0; (at = log.find(": S: + ", at)) != std::string::npos; ++at) ++seen;
    return seen >= times;
  });
}

bool delivers(const Sink& sink, std::size_t count) {
  return eventually([&] { return sink.messages().size() >= count; });
}

}  // namespace

TEST_CASE("scenario 99: mail that comes while idling is delivered at once, and flagged") {
  PullBed bed;
  bed.append(mails("a", 2));
  requireDone(bed.program.run());
  BackgroundProcess watcher = bed.program.runInBackground({"--debug", kHour, "work"});
  REQUIRE(idling(bed.program));
  for (std::size_t i = 1; i <= 3; ++i) {
    auto begin = std::chrono::steady_clock::now();
    bed.append({mail("b" + std::to_string(i))});
    REQUIRE(delivers(bed.sink, 2 + i));
    MESSAGE("delivered after ",
            std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(), " s");
  }
  CHECK(bed.delivered() == "a1 a2 b1 b2 b3");
  CHECK(eventually([&] { return seenUids(bed.alice()) == "1 2 3 4 5"; }));
  watcher.signal(SIGTERM);
  Outcome end = watcher.wait(20s);
  INFO(bed.program.log());
  CHECK(end.exitStatus == 0);
  CHECK_FALSE(end.timedOut);
  requireDone(bed.program.run());
  CHECK(bed.sink.messages().size() == 5);
}

TEST_CASE("scenario 99: --idle=N looks again after N seconds, also where the server never tells") {
  PullBed bed;
  requireDone(bed.program.run());
  BackgroundProcess watcher = bed.program.runInBackground({"--debug", "--idle=1", "work"});
  // IDLE is given up and begun again, and nothing else happens.
  REQUIRE(idling(bed.program, 3));
  bed.append(mails("a", 1));
  REQUIRE(delivers(bed.sink, 1));
  CHECK(watcher.running());
}

TEST_CASE("without IDLE the mailbox is asked from time to time") {
  PullBed bed({}, {}, {.capabilities = "IMAP4rev1 UIDPLUS AUTH=PLAIN"});
  bed.append(mails("a", 1));
  requireDone(bed.program.run());
  BackgroundProcess watcher = bed.program.runInBackground({"--debug", "--idle=1", "work"});
  bed.append(mails("b", 1));
  REQUIRE(delivers(bed.sink, 2));
  CHECK(bed.program.log().find("C: IDLE") == std::string::npos);
}

TEST_CASE("idling: the sink goes down and comes up again; the mail of that time is delivered, once") {
  PullBed bed;
  requireDone(bed.program.run());
  BackgroundProcess watcher = bed.program.runInBackground({"--debug", kHour, "work"});
  REQUIRE(idling(bed.program));
  bed.sink.stop();
  bed.append(mails("a", 3));
  REQUIRE(
      eventually([&] { return bed.program.log().find("Mail cannot be delivered: ") != std::string::npos; }));
  CHECK(watcher.running());
  bed.sink.start();
  REQUIRE(delivers(bed.sink, 3));
  CHECK(bed.delivered() == "a1 a2 a3");
  CHECK(eventually([&] { return seenUids(bed.alice()) == "1 2 3"; }));
  CHECK(watcher.running());
}

TEST_CASE("idling: one message put off does not keep others waiting") {
  PullBed bed;
  requireDone(bed.program.run());
  bed.sink.on("MAIL", 1, {"451 4.3.0 later\r\n"});
  BackgroundProcess watcher = bed.program.runInBackground({"--debug", kHour, "work"});
  REQUIRE(idling(bed.program));
  bed.append(mails("a", 2));
  REQUIRE(delivers(bed.sink, 1));
  bed.append(mails("b", 1));
  REQUIRE(delivers(bed.sink, 2));
  CHECK(bed.delivered() == "a2 b1");
  CHECK(eventually([&] { return seenUids(bed.alice()) == "2 3"; }));
}

TEST_CASE("idling: the IMAP server restarts; there is a new connection, and mail goes on") {
  PullBed bed;
  requireDone(bed.program.run());
  BackgroundProcess watcher = bed.program.runInBackground({"--debug", kHour, "work"});
  REQUIRE(idling(bed.program));
  bed.server.restart();
  bed.append(mails("a", 1));
  REQUIRE(delivers(bed.sink, 1));
  bed.server.shutDown();
  bed.server.start();
  bed.append(mails("b", 1));
  REQUIRE(delivers(bed.sink, 2));
  CHECK(bed.delivered() == "a1 b1");
  CHECK(watcher.running());
}

TEST_CASE("SIGTERM while something is being delivered: it is recorded, and not delivered again") {
  PullBed bed;
  bed.append(mails("a", 3));
  requireDone(bed.program.run({"--no-delivery", "work"}));
  bed.append(mails("b", 3));
  bed.sink.on("\\.", 2, {.alsoAnswer = true, .hang = true});
  BackgroundProcess program = bed.program.runInBackground({"--debug", "work"});
  REQUIRE(eventually([&] { return bed.sink.hangs(); }));
  program.signal(SIGTERM);
  bed.sink.release();
  Outcome end = program.wait(30s);
  INFO(bed.program.log());
  CHECK(end.exitStatus == 0);
  requireDone(bed.program.run());
  CHECK(duplicates(bed.sink.messages()).empty());
  CHECK(bed.sink.messages().size() == 3);
}

TEST_CASE("SIGTERM while the sink hangs after the dot: the message is named by the next run") {
  PullBed bed;
  bed.append(mails("a", 3));
  bed.sink.on("\\.", 2, {.hang = true, .takesOver = true});
  BackgroundProcess program = bed.program.runInBackground({"--debug", "work"});
  REQUIRE(eventually([&] { return bed.sink.hangs(); }));
  program.signal(SIGTERM);
  Outcome end = program.wait(40s);
  INFO(bed.program.log());
  CHECK(end.exitStatus == 0);
  CHECK_FALSE(end.timedOut);
  bed.sink.forget();
  Run next = bed.program.run();
  INFO(next.log());
  requireDone(next);
  CHECK((bed.program.log() + next.log()).find("UID 2 ") != std::string::npos);
  CHECK((bed.program.log() + next.log()).find("may have been delivered") != std::string::npos);
  std::map<std::string, unsigned> twice = duplicates(bed.sink.messages());
  CHECK(twice.size() <= 1);
  CHECK(twice[std::string("a2 <") + kRecipient + ">"] <= 2);
  for (const char* subject : {"a1", "a2", "a3"}) {
    CHECK(bed.delivered().find(subject) != std::string::npos);
  }
}

TEST_CASE("a second instance is refused, and the first goes on") {
  PullBed bed;
  requireDone(bed.program.run());
  BackgroundProcess watcher = bed.program.runInBackground({"--debug", kHour, "work"});
  REQUIRE(idling(bed.program));
  Run second = bed.program.run();
  checkStatus(second, 75);
  checkSays(second, {"Can't lock " + bed.program.state().string()});
  bed.append(mails("a", 1));
  CHECK(delivers(bed.sink, 1));
  CHECK(watcher.running());
}
