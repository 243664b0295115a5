// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Many messages to a server that puts off, refuses, hangs up and hangs at random, with pullimap killed now
// and then: afterwards every message was delivered exactly once, or is named as refused, put off or in doubt.
// INTERIMAP_PULL_SOAK=20000 makes it that many, INTERIMAP_PULL_SEED another history.

#include <signal.h>

#include <cstdlib>
#include <random>
#include <thread>

#include "tests/e2e/pull_bed.h"

using namespace interimap::bed;
using namespace std::chrono_literals;

namespace {

constexpr int kMostRuns = 300;

std::uint64_t environment(const char* name, std::uint64_t otherwise) {
  const char* value = getenv(name);
  return value != nullptr ? std::strtoull(value, nullptr, 10) : otherwise;
}

// What goes wrong, out of 10,000 times.
struct Fault {
  const char* command;  // it begins like this
  unsigned often;
  SinkReply reply;
};

const Fault kFaults[] = {
    {"greeting", 100, {.octets = "421 4.3.2 too busy\r\n", .close = true}},
    {"greeting", 100, {.octets = "554 5.3.2 go away\r\n", .close = true}},
    {"greeting", 100, {.close = true}},
    {"EHLO", 100, {.close = true}},
    {"LHLO", 100, {.close = true}},
    {"MAIL", 50, {.octets = "451 4.3.0 later\r\n"}},
    {"MAIL", 20, {.octets = "550 5.7.1 not you\r\n"}},
    {"MAIL", 20, {.close = true}},
    {"RCPT", 50, {.octets = "450 4.2.1 later\r\n"}},
    {"RCPT", 20, {.octets = "550-5.1.1 no\r\n550 5.1.1 body\r\n"}},
    {"RCPT", 20, {.octets = "421 4.3.2 shutting down\r\n", .close = true}},
    {"DATA", 30, {.octets = "451 4.3.0 later\r\n"}},
    {"DATA", 20, {.octets = "554 5.5.1 no\r\n"}},
    {"DATA", 20, {.close = true}},
    {"BDAT", 30, {.octets = "451 4.3.0 later\r\n"}},
    {".", 100, {.octets = "452 4.3.1 full\r\n"}},
    {".", 70, {.octets = "554 5.6.0 spam\r\n"}},
    {".", 30, {.close = true}},
    {".", 30, {.close = true, .takesOver = true}},
    {".", 20, {.octets = "421 4.3.2 shutting down\r\n", .close = true}},
    {".", 10, {.alsoAnswer = true, .hang = true}},
    {".", 5, {.close = true, .hang = true, .takesOver = true}},
};

class Faults {
 public:
  explicit Faults(std::uint64_t seed) : random_(seed) {}

  std::optional<SinkReply> judge(const SinkEvent& event) {
    unsigned drawn = static_cast<unsigned>(random_() % 10'000), from = 0;
    for (const Fault& fault : kFaults) {
      if (!event.command.starts_with(fault.command)) continue;
      from += fault.often;
      if (drawn < from) return fault.reply;
    }
    return std::nullopt;
  }

 private:
  std::mt19937_64 random_;
};

struct Soak : PullBed {
  Soak(std::size_t messageCount, std::uint64_t seed, SinkOptions sinkOptions)
      : PullBed(std::move(sinkOptions), {}, {.mailLocation = "sdbox:~/sdbox"}),
        count(messageCount),
        random(seed),
        faults(seed + 1) {
    Corpus corpus(seed);
    for (std::size_t i = 1; i <= count; ++i) {
      sent.push_back(mail(std::to_string(i), std::string(corpus.below(3000), 'x') + "\r\n.\r\n"));
    }
    append(sent);
  }

  // To its end, or until it is killed: at random, and sometimes where the server hangs. What hangs in the end
  // answers. Its exit status, -1 if it was killed.
  int runOnce() {
    ++runs;
    const std::size_t fatal = sink.messages().size() + 1 + random() % (count / 4);
    BackgroundProcess process = program.runInBackground({"work"});
    while (process.running()) {
      std::this_thread::sleep_for(5ms);
      bool hangs = sink.hangs();
      if (kills < mostKills && (sink.messages().size() >= fatal || (hangs && random() % 4 == 0))) {
        ++kills;
        process.end();
        return -1;
      }
      if (!hangs) continue;
      if (random() % 4 == 0) {
        ++terminations;
        process.signal(SIGTERM);
      }
      sink.release();
    }
    return process.wait(0ms).exitStatus;
  }

  void untilNothingIsLeft() {
    sink.judge([this](const SinkEvent& event) { return faults.judge(event); });
    while (runs < kMostRuns) {
      const std::size_t logged = program.log().size();
      const int before = terminations, status = runOnce();
      if (terminations != before || (status != 0 && status != 65)) continue;
      // 65 is graver than 75, so there may be something left beside what was refused.
      std::string log = program.log().substr(logged);
      if (log.find("is deferred for") == std::string::npos && log.find(kInDoubt) == std::string::npos) break;
    }
    CHECK(runs < kMostRuns);
    sink.forget();
  }

  // How often each message was taken over, by UID: messages were appended in the order of their subjects.
  std::map<std::uint32_t, unsigned> taken() {
    std::map<std::uint32_t, unsigned> times;
    std::size_t altered = 0;
    for (const SinkMessage& message : sink.messages()) {
      auto uid = static_cast<std::uint32_t>(std::stoul(headerField(message.text, "Subject")));
      ++times[uid];
      if (message.text != sent.at(uid - 1).text) ++altered;
    }
    CHECK(altered == 0);
    return times;
  }

  void check() {
    const std::string log = program.log();
    const auto refused = uidsOf(log, "refused for"), doubted = uidsOf(log, kInDoubt), times = taken();
    const auto flags = flagsOf(alice());
    std::string faultsFound;
    std::size_t extra = 0, twice = 0;
    for (std::uint32_t uid = 1; uid <= count; ++uid) {
      auto number = [uid](const std::map<std::uint32_t, unsigned>& counts) {
        auto it = counts.find(uid);
        return it == counts.end() ? 0U : it->second;
      };
      auto fault = [&](const char* what) { faultsFound += std::to_string(uid) + " " + what + "\n"; };
      const bool seen = flags.at(uid).contains("\\Seen"), failed = flags.at(uid).contains("$DeliveryFailed");
      const unsigned n = number(times);
      if (n == 0 && number(refused) == 0) fault("is lost");
      if (n == 0 && seen) fault("is seen, and was not delivered");
      if (n == 1 && !seen && !failed) fault("is delivered, and not seen");
      if (seen && failed) fault("is seen and failed");
      if (number(refused) > 0 && !failed) fault("was refused, and is not marked");
      if (n > 1 && n - 1 > number(doubted)) fault("came more often than it was named");
      if (n > 1) ++twice, extra += n - 1;
    }
    CHECK(faultsFound == "");
    CHECK(twice <= doubted.size());
    checkNoViolations(sink);
    MESSAGE(count, " messages, ", runs, " runs, ", kills, " killed, ", terminations, " terminated, ",
            sink.connections(), " connections; ", times.size(), " delivered, ", refused.size(), " refused, ",
            doubted.size(), " named as in doubt, ", twice, " of them came twice (", extra, " copies)");
  }

  std::size_t count;
  std::mt19937_64 random;
  Faults faults;
  std::vector<Message> sent;
  const int mostKills = 2 + static_cast<int>(count / 500);
  int runs = 0, kills = 0, terminations = 0;
};

}  // namespace

TEST_CASE("fault soak: none lost, none twice but those in doubt, whatever the server does") {
  const std::size_t count = environment("INTERIMAP_PULL_SOAK", 1'500);
  const std::uint64_t seed = environment("INTERIMAP_PULL_SEED", 1);
  const SinkOptions sinks[] = {
      {}, {.extensions = {"PIPELINING", "CHUNKING", "8BITMIME"}}, {.lmtp = true}, {.extensions = {}}};
  for (const SinkOptions& options : sinks) {
    CAPTURE(options.lmtp);
    CAPTURE(options.extensions.size());
    auto begin = std::chrono::steady_clock::now();
    Soak soak(count / std::size(sinks), seed, options);
    soak.untilNothingIsLeft();
    soak.check();
    // What was refused is there, and can be delivered.
    Run rest = soak.program.run({"--retry-refused", "work"});
    requireDone(rest);
    CHECK(soak.taken().size() == soak.count);
    MESSAGE(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(), " s");
  }
}
