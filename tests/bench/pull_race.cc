// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/bench/pull_race.h"

#include <poll.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <stdexcept>

#include "tests/bench/fast_sink.h"
#include "tests/bench/floor.h"
#include "tests/bench/interrupt.h"
#include "tests/bench/mail.h"
#include "tests/bench/packaged.h"
#include "tests/bench/table.h"
#include "tests/e2e/port.h"
#include "tests/e2e/relay.h"

namespace interimap::bench {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kFewer = 10;  // the slow ones get one message in so many
constexpr std::chrono::microseconds kReplyDelay = 5ms;
constexpr auto kStartTimeout = 5s;

struct Kind {
  const char *name, *title;
  bool lmtp = false, postfix = false, delayed = false, chunking = false;
};
constexpr Kind kKinds[] = {
    {.name = "pull-smtp", .title = "To an SMTP sink that costs nothing"},
    {.name = "pull-lmtp", .title = "To an LMTP sink that costs nothing", .lmtp = true},
    {.name = "pull-smtp-sink", .title = "To smtp-sink, SMTP", .postfix = true},
    {.name = "pull-lmtp-sink", .title = "To smtp-sink, LMTP", .lmtp = true, .postfix = true},
    {.name = "pull-smtp-5ms",
     .title = "To an SMTP sink that costs nothing, every reply 5 ms later, CHUNKING offered",
     .delayed = true,
     .chunking = true},
    {.name = "pull-lmtp-5ms",
     .title = "To an LMTP sink that costs nothing, every reply 5 ms later, CHUNKING offered",
     .lmtp = true,
     .delayed = true,
     .chunking = true},
    {.name = "pull-data-5ms",
     .title = "To an SMTP sink that costs nothing, every reply 5 ms later, no CHUNKING: DATA has to wait for "
              "its reply",
     .delayed = true},
};

// Postfix's sink, on a free port.
class PostfixSink {
 public:
  PostfixSink(const PackagedProgram& program, bool lmtp, const fs::path& log) {
    for (auto deadline = std::chrono::steady_clock::now() + kStartTimeout; !bed::accepts(port_);) {
      if (std::chrono::steady_clock::now() > deadline)
        throw std::runtime_error("smtp-sink does not start: " + bed::readFile(log));
      if (!process_.running()) start(program, lmtp, log);
      poll(nullptr, 0, 10);
    }
  }
  std::uint16_t port() const { return port_; }

 private:
  void start(const PackagedProgram& program, bool lmtp, const fs::path& log) {
    port_ = bed::freePort();
    std::vector<std::string> arguments{program.path, "-8"};
    if (lmtp) arguments.emplace_back("-L");
    arguments.push_back("127.0.0.1:" + std::to_string(port_));
    arguments.emplace_back("100");
    process_ = bed::BackgroundProcess({arguments, program.environment}, log);
  }

  std::uint16_t port_ = 0;
  bed::BackgroundProcess process_;
};

}  // namespace

std::vector<std::string> pullSinks() {
  std::vector<std::string> names;
  for (const Kind& kind : kKinds) names.emplace_back(kind.name);
  return names;
}

struct PullRace::Target {
  bool lmtp;
  std::uint16_t port;
  const FastSink* counting;  // none: what arrived is not counted
};

PullRace::PullRace(const fs::path& directory, const PullOptions& options)
    : directory_(directory), options_(options), stores_(directory / "servers", {}) {
  all_ = fill("all", options.messages);
  few_ = fill("few", std::max<std::size_t>(1, options.messages / kFewer));
  char text[100];
  std::snprintf(text, sizeof text, "%zu messages in INBOX, %.1f MB", all_.messages,
                static_cast<double>(all_.octets) / 1e6);
  description_ = text;
}

PullRace::Mailbox PullRace::fill(const std::string& user, std::size_t messages) {
  const fs::path script = directory_ / "append-script";
  Script written = writeScript(script, {.messages = messages, .flags = false});
  Floor{.half = Floor::Half::append,
        .remote = stores_.local.imap(),
        .user = user,
        .mailboxes = 1,
        .script = script}
      .run();
  return {user, messages, written.octets};
}

// One run, from a fresh mailbox and without state.
void PullRace::race(const Target& target, const PullContender& contender, Result& result, bool measured) {
  if (!result.failure.empty()) return;
  const Mailbox& mail = contender.slow ? few_ : all_;
  const fs::path work = directory_ / contender.name;
  if (!contender.floor) stores_.copyLocal(mail.user, contender.name);
  fs::remove_all(work);
  bed::makeDirectory(work);
  bed::Command command = *contender.prepare({.imap = stores_.local.imap(),
                                             .user = contender.name,
                                             .lmtp = target.lmtp,
                                             .sink = target.port,
                                             .directory = work,
                                             .messages = mail.messages,
                                             .octets = mail.octets});
  FootprintWatch watch;
  const bool watched = result.footprint.processes == 0;
  if (watched) command.started = [&](pid_t group) { watch.begin(group); };
  const std::uint64_t before = target.counting != nullptr ? target.counting->messages() : 0;
  bed::Outcome outcome = runInterruptibly(command);
  if (watched) result.footprint = watch.end();
  result.failure = failureOf(outcome);
  if (target.counting != nullptr && target.counting->messages() - before != mail.messages &&
      outcome.succeeded())
    result.failure = "delivered " + std::to_string(target.counting->messages() - before) + " messages";
  if (measured) result.add(outcome);
}

bool PullRace::run(const std::vector<PullContender>& contenders,
                   const std::function<void(const std::string&)>& show) {
  const auto postfix = PackagedProgram::find("/usr/sbin/smtp-sink", kPostfixPackages);
  bool failed = false;
  for (const Kind& kind : kKinds) {
    const auto& wanted = options_.sinks;
    if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), kind.name) == wanted.end()) continue;
    if (kind.postfix && !postfix) continue;
    FastSink fast({.lmtp = kind.lmtp, .chunking = kind.chunking});
    std::optional<PostfixSink> slower;
    std::optional<bed::Relay> relay;
    Target target{kind.lmtp, fast.port(), &fast};
    if (kind.postfix)
      target = {kind.lmtp, slower.emplace(*postfix, kind.lmtp, directory_ / "sink.log").port(), nullptr};
    // Half of it each way: to the client that is the same.
    if (kind.delayed)
      target.port = relay.emplace(fast.port(), bed::RelayOptions{.delay = kReplyDelay / 2}).port();

    std::vector<const PullContender*> runners;
    std::vector<Result> results;
    for (const PullContender& contender : contenders) {
      if (!contender.prepare(
              {.lmtp = kind.lmtp, .directory = bed::makeDirectory(directory_ / "trial"), .messages = 1}))
        continue;
      if (kind.delayed && (contender.slow || contender.floor)) continue;  // a minute and more for each round
      runners.push_back(&contender);
      results.push_back(
          {.title = contender.title, .messages = contender.slow ? few_.messages : all_.messages});
    }
    for (std::size_t round = 0; round <= options_.rounds; ++round) {
      for (std::size_t i = 0; i < runners.size(); ++i) {
        // The slow ones once: theirs are the larger figures, not the closer ones.
        if (!runners[i]->slow || round == 1) race(target, *runners[i], results[i], round > 0);
      }
    }
    for (const Result& result : results) failed = failed || !result.failure.empty();
    show(std::string("\n") + kind.title + " (" + kind.name + ")\n" +
         pullTable(results, "smtp-source", "pullimap"));
  }
  return !failed;
}

}  // namespace interimap::bench
