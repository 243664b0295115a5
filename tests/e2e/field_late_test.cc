// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What the field found: an APPEND that reaches its server long after the run that sent it.

#include <signal.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "tests/e2e/bed.h"
#include "tests/e2e/eventually.h"
#include "tests/e2e/relay.h"
#include "tests/e2e/sql.h"

using namespace interimap::bed;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kOctetsPerSecond = 100'000;
constexpr unsigned kMessages = 16;
constexpr std::size_t kLines = 330;  // of 78 octets

// The remote is behind a slow line that goes on delivering what a dead client has handed over.
struct LateBed : Bed {
  LateBed() : slow(directory / "slow", cleartext(local.imap(), "alice"), cleartext(relay.port(), "bob")) {
    requireDone(slow.run({}));
    std::vector<Message> messages;
    for (unsigned i = 0; i < kMessages; ++i) {
      Message message = corpus.smallMessages(1).front();
      for (std::size_t line = 0; line < kLines; ++line) message.text += std::string(76, 'x') + "\r\n";
      messages.push_back(std::move(message));
    }
    alice().append("INBOX", messages);
  }

  std::uint64_t sent() const {
    std::uint64_t octets = 0;
    for (const RelayedConnection& connection : relay.connections()) octets += connection.toServer;
    return octets;
  }
  // A run that has had so much time on the line.
  BackgroundProcess underWay(std::uint64_t octets) {
    const std::uint64_t before = sent();
    BackgroundProcess run = slow.runInBackground({});
    CHECK(eventually([&] { return sent() >= before + octets; }, 60s));
    return run;
  }
  void awaitQuiet() {
    for (std::uint64_t before = 0, now = sent(); now != before; now = sent()) {
      before = now;
      std::this_thread::sleep_for(2s);
    }
  }
  void checkOnceEach() {
    Snapshot hereNow = here(), thereNow = there();
    CHECK(hereNow.messages() == kMessages);
    CHECK(hereNow.duplicates().empty());
    CHECK(thereNow.duplicates().empty());
    checkEqual(hereNow, thereNow);
  }

  Corpus corpus{31};
  Relay relay{remote.imap(), {.octetsPerSecond = kOctetsPerSecond, .deep = true}};
  Interimap slow;
};

}  // namespace

TEST_CASE_FIXTURE(LateBed, "field 1: killed while an APPEND trickles, and run again at once") {
  NOT_THE_REFERENCE();
  for (int kills = 0; kills < 2; ++kills) underWay(60'000).end();
  requireDone(slow.run({}));
  awaitQuiet();
  requireDone(slow.run({}));
  checkOnceEach();
  checkNothingToDo(slow);
}

TEST_CASE_FIXTURE(LateBed, "field 1: killed while an APPEND trickles, and it arrives after all is done") {
  NOT_THE_REFERENCE();
  underWay(60'000).end();
  // Another way to the same server, which is faster.
  slow.configure([&] {
    std::string text = slow.configuration();
    const std::string port = std::to_string(relay.port());
    text.replace(text.rfind(port), port.size(), std::to_string(remote.imap()));
    return text;
  }());
  requireDone(slow.run({}));
  awaitQuiet();
  CHECK(there().duplicates().size() > 0);  // it has arrived
  Run run = slow.run({});
  requireDone(run);
  CHECK(run.says("second copies, which an interrupted run had sent and which arrived late"));
  checkOnceEach();
  checkNothingToDo(slow);
}

TEST_CASE_FIXTURE(LateBed, "field 1: a message deleted meanwhile does not come back with its late copy") {
  NOT_THE_REFERENCE();
  underWay(60'000).end();
  {
    ImapClient client = alice();
    client.select("INBOX");
    client.expunge("1:*");
  }
  Run first = slow.run({});
  INFO(first.log());
  requireDone(first);
  awaitQuiet();
  Run second = slow.run({});
  INFO(second.log());
  requireDone(second);
  CHECK(here().messages() == 0);
  checkNothingToDo(slow);
}

// INTERIMAP_KILLS of them on each line: at any moment, begun again at once, up to three times; then comes a
// run that may end. New mail on both sides each time, and a user who deletes an old message in between.
TEST_CASE("field 1: killed again and again on a slow line") {
  NOT_THE_REFERENCE();
  const char* wanted = getenv("INTERIMAP_KILLS");
  const int kills = wanted ? std::stoi(wanted) : 5;
  struct {
    std::uint64_t octetsPerSecond;
    bool deep;  // the line goes on delivering what the dead have sent
  } lines[] = {{100'000, true}, {300'000, false}, {1'000'000, true}};
  for (const auto& line : lines) {
    CAPTURE(line.octetsPerSecond);
    Bed bed;
    Corpus corpus(line.octetsPerSecond);
    Relay relay(bed.remote.imap(), {.octetsPerSecond = line.octetsPerSecond, .deep = line.deep});
    Interimap slow(bed.directory / "slow", cleartext(bed.local.imap(), "alice"),
                   cleartext(relay.port(), "bob"));
    requireDone(slow.run({}));
    std::size_t appended = 0, deleted = 0, old = 0;
    auto append = [&](ImapClient client) {
      std::vector<Message> messages = corpus.smallMessages(static_cast<unsigned>(1 + corpus.below(6)));
      for (Message& message : messages)
        for (auto more = corpus.below(line.octetsPerSecond / 4000); more > 0; --more)
          message.text += std::string(76, 'x') + "\r\n";
      client.append("INBOX", messages);
      appended += messages.size();
    };
    for (int done = 0; done < kills;) {
      CAPTURE(done);
      append(bed.alice());
      append(bed.bob());
      for (auto more = 1 + corpus.below(3); more > 0; --more, ++done) {
        BackgroundProcess killed = slow.runInBackground({});
        killed.wait(std::chrono::milliseconds(60 + corpus.below(1500)));
        killed.end();
      }
      if (appended > old && old > 0) {  // one that both sides have had since the last time
        ImapClient client = bed.alice();
        client.select("INBOX");
        client.expunge(std::to_string(client.uids().front()));
        ++deleted;
      }
      old = appended;
      Run run = slow.run({});
      INFO(run.log());
      requireDone(run);
    }
    // What is still on its way has to come.
    std::string last;
    CHECK(eventually(
        [&] {
          requireDone(slow.run({}));
          Snapshot hereNow = bed.here(), thereNow = bed.there();
          last = difference(hereNow, thereNow);
          for (const Snapshot* each : {&hereNow, &thereNow})
            if (!each->duplicates().empty()) last += " twice";
          return last.empty() && hereNow.messages() == appended - deleted;
        },
        60s));
    CHECK(last == "");
    CHECK(bed.here().messages() == appended - deleted);
    checkNothingToDo(slow);
    MESSAGE(line.octetsPerSecond, " octets a second: ", kills, " kills, ", appended, " messages, ", deleted,
            " deleted");
  }
}

// INTERIMAP_CUTS of them: each connection is cut after some messages, wherever that is, and what was sent by
// then still arrives.
TEST_CASE("field 1: connections cut under --watch on a slow line") {
  NOT_THE_REFERENCE();
  const char* wanted = getenv("INTERIMAP_CUTS");
  const std::size_t cuts = wanted ? std::stoul(wanted) : 4;
  Bed bed;
  Corpus corpus(7);
  Relay relay(bed.remote.imap(), {.octetsPerSecond = 300'000, .deep = true, .cutToServerAfter = 120'000});
  Interimap slow(bed.directory / "slow", cleartext(bed.local.imap(), "alice"),
                 cleartext(relay.port(), "bob"));
  requireDone(slow.run({}));
  std::size_t appended = 0;
  auto append = [&](ImapClient client) {
    std::vector<Message> messages = corpus.smallMessages(static_cast<unsigned>(1 + corpus.below(4)));
    for (Message& message : messages)
      for (auto more = corpus.below(200); more > 0; --more) message.text += std::string(76, 'x') + "\r\n";
    client.append("INBOX", messages);
    appended += messages.size();
  };
  BackgroundProcess watcher = slow.runInBackground({"--watch=1"});
  while (relay.connections().size() < cuts + 2) {
    REQUIRE(watcher.running());
    append(bed.alice());
    append(bed.bob());
    std::this_thread::sleep_for(std::chrono::milliseconds(200 + corpus.below(1500)));
  }
  std::string last;
  CHECK(eventually(
      [&] {
        last = difference(bed.here(), bed.there());
        return last.empty() && bed.here().messages() == appended;
      },
      180s));
  INFO(readFile(slow.directory() / "stderr"));
  CHECK(last == "");
  CHECK(bed.here().duplicates().empty());
  CHECK(bed.there().duplicates().empty());
  watcher.signal(SIGTERM);
  CHECK(watcher.wait(30s).exitStatus == 0);
  MESSAGE(relay.connections().size(), " connections, ", appended, " messages");
}

struct StoppedBed : LateBed {
  void checkStopped(int signal, int status) {
    BackgroundProcess run = underWay(40'000);
    run.signal(signal);
    CHECK(run.wait(30s).exitStatus == status);
    CHECK(readFile(slow.directory() / "stderr").find("that are on their way, for up to 10 s") !=
          std::string::npos);
    requireDone(slow.run({}));
    checkOnceEach();
    CHECK(sql(slow.database(), "SELECT count(*) FROM ours_strays") ==
          "0\n");  // all that was sent was answered
    checkNothingToDo(slow);
  }
};

TEST_CASE_FIXTURE(StoppedBed, "field 1: SIGTERM gives what is on its way some time") {
  NOT_THE_REFERENCE();
  checkStopped(SIGTERM, 0);
}

TEST_CASE_FIXTURE(StoppedBed, "field 1: SIGINT gives what is on its way some time") {
  NOT_THE_REFERENCE();
  checkStopped(SIGINT, 1);
}
