// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// `rate` and `daily`: octets on the line, counted while they go.
#include <signal.h>

#include <chrono>
#include <ctime>
#include <thread>
#include <vector>

#include "tests/e2e/bed.h"
#include "tests/e2e/eventually.h"
#include "tests/e2e/relay.h"
#include "tests/e2e/sql.h"

using namespace interimap::bed;
using namespace std::chrono_literals;

namespace {

struct Sample {
  std::chrono::steady_clock::time_point at;
  std::uint64_t octets;
};

// Most that was moved beyond what the rate allows from any sample to any later one.
double burst(const std::vector<Sample>& samples, double rate) {
  double most = 0, least = 1e18;
  for (const Sample& sample : samples) {
    const double due = std::chrono::duration<double>(sample.at - samples.front().at).count() * rate;
    const double ahead = static_cast<double>(sample.octets) - due;
    most = std::max(most, ahead - std::min(least, ahead));
    least = std::min(least, ahead);
  }
  return most;
}

std::vector<Message> messages(const std::string& name, int count, std::size_t size) {
  const std::string line(72, 'x');
  std::vector<Message> all;
  for (int n = 0; n < count; ++n) {
    std::string text = "Subject: " + name + std::to_string(n) + "\r\n\r\n";
    while (text.size() < size) text += line + "\r\n";
    all.push_back({.text = text, .internalDate = "14-Feb-2026 10:00:00 +0000"});
  }
  return all;
}

// A day that ends while a test counts on it is waited for.
void awaitMidnight() {
  constexpr std::time_t kDay = 86400, kNeeded = 120;
  while (std::time(nullptr) % kDay > kDay - kNeeded) std::this_thread::sleep_for(1s);
}

// bob has 12 messages of 20 kB in two mailboxes, alice one, and of bob's 100 kB may be transferred in a day.
struct Daily {
  explicit Daily(const std::vector<std::string>& more = {"daily = 100K", "max-wait = 0"}) {
    awaitMidnight();
    Account bob = cleartext(relay.port(), "bob");
    bob.more.insert(bob.more.end(), more.begin(), more.end());
    bob.more.push_back("compress = NO");
    program.emplace(directory / "program", cleartext(local.imap(), "alice"), bob);
    local.client("alice").append("INBOX", messages("alice", 1, 20'000));
    ImapClient client = this->bob();
    client.append("INBOX", messages("bob", 6, 20'000));
    client.create("box");
    client.append("box", messages("box", 6, 20'000));
  }
  ImapClient alice() const { return local.client("alice"); }
  ImapClient bob() const { return remote.client("bob"); }
  std::uint64_t octets() const {
    std::uint64_t octets = 0;
    for (const RelayedConnection& each : relay.connections()) octets += each.toServer + each.toClient;
    return octets;
  }
  void aDayPasses() const { sql(program->database(), "UPDATE ours_spent SET day = day - 1"); }

  Directory directory;
  Dovecot local{directory / "local"}, remote{directory / "remote"};
  Relay relay{remote.imap()};
  std::optional<Interimap> program;
};

constexpr const char* kUsedUp = "The octets of today are used up (daily): what is left goes on at 2";

}  // namespace

TEST_CASE("rate: neither more a second on the line, nor much less, both ways, and both sides are equal") {
  NOT_THE_REFERENCE();
  constexpr std::uint64_t kRate = 100 << 10;
  Directory directory;
  Dovecot local{directory / "local"}, remote{directory / "remote"};
  Relay relay(remote.imap(), {.heldForClient = 4096});
  Account bob = cleartext(relay.port(), "bob");
  for (const char* line : {"rate = 100k", "compress = NO"}) bob.more.push_back(line);
  Interimap program(directory / "program", cleartext(local.imap(), "alice"), bob);
  local.client("alice").append("INBOX", messages("alice", 10, 20'000));
  remote.client("bob").append("INBOX", messages("bob", 10, 20'000));
  BackgroundProcess process = program.runInBackground({});
  std::vector<Sample> samples;
  while (process.running()) {
    std::uint64_t octets = 0;
    for (const RelayedConnection& each : relay.connections()) octets += each.toServer + each.toClient;
    samples.push_back({std::chrono::steady_clock::now(), octets});
    std::this_thread::sleep_for(10ms);
  }
  INFO(readFile(program.directory() / "stderr"));
  CHECK(process.wait(1s).exitStatus == 0);
  REQUIRE(samples.back().octets > 400'000);
  // A quarter of a second's worth, and what kernels and relay hold, which goes at their speed.
  CHECK(burst(samples, kRate) < 2 * kRate);
  checkEqual(Snapshot::of(local.client("alice")), Snapshot::of(remote.client("bob")));
}

TEST_CASE("rate, daily: a value that is none ends 78, with its line") {
  NOT_THE_REFERENCE();
  for (const char* line : {"rate = 0", "rate = fast", "rate = -1", "rate = 10X", "rate =", "daily = 0",
                           "daily = 1T", "daily = all"}) {
    CAPTURE(line);
    Directory directory;
    Account bob = cleartext(1, "bob");
    bob.more.push_back(line);
    Interimap program(directory / "program", cleartext(1, "alice"), bob);
    Run run = program.run();
    checkStatus(run, interimap::ExitStatus::config);
    CHECK(run.says(": Invalid option "));
  }
}

TEST_CASE("daily: day by day all is transferred, nothing twice, and flags are not kept waiting") {
  NOT_THE_REFERENCE();
  Daily bed;
  int days = 0;
  for (std::uint64_t before = 0;; before = bed.octets()) {
    Run run = bed.program->run();
    INFO(run.log());
    // So much, the message with which they end, and what is said beside them.
    CHECK(bed.octets() - before < (100 << 10) + 20'000 + 16'000);
    if (run.exitStatus == 0) break;
    CHECK(run.exitStatus == 75);
    CHECK(run.says(kUsedUp));
    CHECK(run.says("longer than max-wait. Run again then"));
    REQUIRE(++days < 4);

    ImapClient bob = bed.bob();
    bob.select("INBOX");
    bob.command("UID STORE 1 +FLAGS ($Day" + std::to_string(days) + ")");
    const std::uint64_t spent = bed.octets();
    Run again = bed.program->run();
    INFO(again.log());
    CHECK(again.exitStatus == 75);
    CHECK(again.says(kUsedUp));
    CHECK_FALSE(again.sent("APPEND"));
    CHECK(again.changes().find("$Day" + std::to_string(days)) != std::string::npos);
    CHECK(bed.octets() - spent < 16'000);
    bed.aDayPasses();
  }
  CHECK(days == 2);
  checkEqual(Snapshot::of(bed.alice()), Snapshot::of(bed.bob()));
  checkNothingToDo(*bed.program);
}

TEST_CASE("daily: killed or not, what was transferred counts") {
  NOT_THE_REFERENCE();
  for (int write = 3; write < 40; write += 4) {
    CAPTURE(write);
    Daily bed;
    bed.program->run({"--debug"}, {"INTERIMAP_STOP_AFTER_WRITE=" + std::to_string(write)});
    Run run;
    for (int days = 0; days < 5; ++days, bed.aDayPasses()) {
      run = bed.program->run();
      if (run.exitStatus != 75) break;
    }
    INFO(run.log());
    CHECK(run.exitStatus == 0);
    checkEqual(Snapshot::of(bed.alice()), Snapshot::of(bed.bob()));
    // What was on its way is read again, to be compared, and may have to be sent again.
    CHECK(bed.octets() < 13 * 20'000 + 2 * (100 << 10) + 60'000);
  }
}

TEST_CASE("daily: with max-wait = 86400 the run waits for the next day") {
  NOT_THE_REFERENCE();
  Daily bed({"daily = 100K", "max-wait = 86400"});
  BackgroundProcess process = bed.program->runInBackground({});
  auto log = [&] { return readFile(bed.program->directory() / "stderr"); };
  CHECK(eventually(
      [&] { return log().find("No more may be transferred today; trying again in ") != std::string::npos; }));
  CHECK(log().find(kUsedUp) != std::string::npos);
  CHECK(process.running());
  process.signal(SIGTERM);
  CHECK(process.wait(10s).exitStatus == 0);
}

TEST_CASE("daily: a watcher says it once, and one of another day goes on") {
  NOT_THE_REFERENCE();
  Daily bed;
  auto log = [&] { return readFile(bed.program->directory() / "stderr"); };
  for (int day = 0; day < 3; ++day) {
    fs::remove(bed.program->directory() / "stderr");
    BackgroundProcess process = bed.program->runInBackground({"--watch=1"});
    const bool last = day == 2;
    if (last)
      CHECK(
          eventually([&] { return difference(Snapshot::of(bed.alice()), Snapshot::of(bed.bob())).empty(); }));
    else
      CHECK(eventually([&] { return log().find(kUsedUp) != std::string::npos; }));
    const std::uint64_t spent = bed.octets();
    bed.alice().append("INBOX", messages("late" + std::to_string(day), 1, 1'000));
    // Mailboxes with something left are not listed all the time.
    CHECK_FALSE(eventually([&] { return bed.octets() > spent + 16'000; }, 3s));
    process.signal(SIGTERM);
    CHECK(process.wait(10s).exitStatus == 0);
    const std::string text = log();
    INFO(text);
    const auto said = text.find(kUsedUp);
    CHECK((said != text.npos) == !last);
    if (said != text.npos) CHECK(text.find(kUsedUp, said + 1) == text.npos);
    bed.aDayPasses();
  }
}
