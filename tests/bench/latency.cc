// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/bench/latency.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <stdexcept>

#include "tests/bench/idler.h"
#include "tests/bench/interrupt.h"
#include "tests/bench/result.h"
#include "tests/e2e/corpus.h"
#include "tests/e2e/directory.h"
#include "tests/e2e/dovecot.h"
#include "tests/e2e/imap_client.h"
#include "tests/e2e/interimap.h"
#include "tests/e2e/oracle.h"

namespace interimap::bench {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

constexpr auto kPatience = 5s;        // then the message is missed, whatever a later poll finds
constexpr auto kFirstPatience = 60s;  // for what is there when the watcher starts
constexpr auto kQuiet = 1200ms;       // between messages, at the least: notifications are over by then
constexpr auto kPhase = 170ms;        // and so much more each time, so that polling has no phase
constexpr int kPhases = 7;
constexpr auto kLook = 2ms;
const std::vector<std::string> kMailboxes = {"INBOX", "work", "work/sub", "lists"};

void pause(std::chrono::milliseconds time) {
  throwIfInterrupted();
  poll(nullptr, 0, static_cast<int>(time.count()));
}

struct Latencies {
  std::vector<double> milliseconds;
  std::size_t missed = 0;
};

std::string row(const std::string& title, const Latencies& latencies, double own) {
  char text[200];
  if (latencies.milliseconds.empty()) {
    std::snprintf(text, sizeof text, "  %-28s %8s %20s %9s %6zu\n", title.c_str(), "-", "", "-",
                  latencies.missed);
    return text;
  }
  auto [least, most] = std::minmax_element(latencies.milliseconds.begin(), latencies.milliseconds.end());
  const double median = Result::median(latencies.milliseconds);
  char range[40];
  std::snprintf(range, sizeof range, "(%.0f-%.0f)", *least, *most);
  std::snprintf(text, sizeof text, "  %-28s %8.1f %-14s %9.1f %6zu\n", title.c_str(), median, range,
                median - own, latencies.missed);
  return text;
}

// Two servers, two accounts that are in sync, and whoever watches them.
class Watched {
 public:
  explicit Watched(const std::string& program)
      : local_(directory_ / "local"),
        remote_(directory_ / "remote"),
        program_(program),
        interimap_(directory_ / "program", bed::cleartext(local_.imap(), "alice"),
                   bed::cleartext(remote_.imap(), "bob")) {
    bed::ImapClient client = local_.client("alice");
    for (const std::string& mailbox : kMailboxes) {
      if (mailbox != "INBOX") client.create(mailbox);
      client.append(mailbox, corpus_.smallMessages(5));
    }
    bed::Outcome outcome = runInterruptibly(interimap_.command(program_, {"--quiet"}));
    if (!outcome.succeeded()) throw std::runtime_error(failureOf(outcome));
  }

  Latencies measure(const std::vector<std::string>& arguments, std::size_t messages) {
    bed::BackgroundProcess process(interimap_.command(program_, arguments), directory_ / "watcher.log");
    bed::ImapClient here = local_.client("alice"), there = remote_.client("bob");
    if (delayOf("INBOX", here, there, kFirstPatience) < 0) throw std::runtime_error("it does not watch");
    Latencies latencies;
    for (std::size_t i = 0; i < messages; ++i) {
      pause(kQuiet + static_cast<int>(i) % kPhases * kPhase);
      const std::string& mailbox = kMailboxes[i / 2 % kMailboxes.size()];
      double delay =
          i % 2 == 0 ? delayOf(mailbox, here, there, kPatience) : delayOf(mailbox, there, here, kPatience);
      if (delay < 0) {
        ++latencies.missed;
      } else {
        latencies.milliseconds.push_back(delay);
      }
    }
    process.signal(SIGTERM);
    process.wait(kPatience);
    return latencies;
  }

 private:
  // Below 0: it did not come.
  double delayOf(const std::string& mailbox, bed::ImapClient& from, bed::ImapClient& to,
                 std::chrono::milliseconds patience) {
    const std::string status = "STATUS " + bed::ImapClient::quoted(mailbox) + " (MESSAGES)";
    const auto before = to.command(status).responses;
    from.append(mailbox, corpus_.smallMessages(1));
    const auto begin = Clock::now();
    while (to.command(status).responses == before) {
      if (Clock::now() - begin > patience) return -1;
      pause(kLook);
    }
    return Milliseconds(Clock::now() - begin).count();
  }

  bed::Directory directory_;
  bed::Dovecot local_, remote_;
  std::string program_;
  bed::Interimap interimap_;
  bed::Corpus corpus_{1};
};

Latencies serversOwn(std::size_t messages) {
  bed::Directory directory;
  bed::Dovecot server(directory / "server");
  bed::Corpus corpus(1);
  bed::ImapClient client = server.client("alice");
  client.append("INBOX", corpus.smallMessages(1));
  Idler idler(server.imap(), "alice");
  Latencies latencies;
  for (std::size_t i = 0; i < messages; ++i) {
    pause(kQuiet);
    client.append("INBOX", corpus.smallMessages(1));
    const auto begin = Clock::now();
    if (idler.waitForExists(kPatience)) {
      latencies.milliseconds.push_back(Milliseconds(Clock::now() - begin).count());
    } else {
      ++latencies.missed;
    }
  }
  return latencies;
}

}  // namespace

std::vector<std::string> latencyRaces() { return {"notify", "watch"}; }

bool raceLatency(const std::string& name, std::size_t messages,
                 const std::function<void(const std::string&)>& show) {
  const std::string argument = name == "notify" ? "--notify" : "--watch=1";
  show("\nAPPEND on one side to STATUS on the other, " + argument + ", idle servers on loopback, " +
       std::to_string(messages) + " messages, alternating sides and mailboxes (" + name + ")\n");
  char head[200];
  std::snprintf(head, sizeof head, "  %-28s %8s %-14s %9s %6s\n", "", "ms", "(min-max)", "less IDLE",
                "missed");
  const Latencies own = serversOwn(std::min<std::size_t>(messages, 5));
  const double ownMedian = Result::median(own.milliseconds);
  show(head + row("IDLE in one mailbox", own, ownMedian));
  bool missed = false;
  for (const std::string& program : {bed::programPath(), std::string(bed::kPerl)}) {
    if (access(program.c_str(), X_OK) != 0) continue;
    const bool perl = program == bed::kPerl;
    const Latencies latencies = Watched(program).measure({"--quiet", argument}, messages);
    show(row(perl ? "interimap (Perl)" : "interimap", latencies, ownMedian));
    missed = missed || (!perl && latencies.missed > 0);
  }
  return !missed;
}

}  // namespace interimap::bench
