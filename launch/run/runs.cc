// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/run/runs.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <ctime>
#include <utility>

#include "ipc/at_time.h"
#include "ipc/shortage.h"

namespace interimap {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// Runs out on time even if the machine sleeps in between.
Descriptor timer(std::chrono::milliseconds time) {
  Descriptor fd(timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK));
  itimerspec once{};
  once.it_value.tv_sec = time / 1s;
  once.it_value.tv_nsec = (time % 1s) / 1ns;
  if (!fd || timerfd_settime(fd.get(), 0, &once, nullptr) != 0) throw systemFailure("timerfd", errno);
  return fd;
}

}  // namespace

int Runs::all(const Settings& settings) {
  auto reached = Reached::nothing;
  for (bool first = true;; first = false) {
    auto began = Clock::now();
    RunEnd end = one(settings, reached);
    if (end.reached == Reached::waiting) refused_.reset();
    // A server that got so far was there. A line that carries something each time is not waited for longer.
    if (end.reached == Reached::waiting || end.copied) away_.reset();
    if (end.reached == Reached::waiting || end.carried) broken_.reset();
    reached = std::max(reached, end.reached);
    if (end.reached == Reached::waiting) askedAgain_ = false;
    if (end.status == static_cast<int>(kStale) && renews(end, Clock::now() - began)) continue;
    bool refused = end.status == static_cast<int>(ExitStatus::noPermission);
    if (end.comeBack && end.status == static_cast<int>(ExitStatus::tryAgain))
      if (auto asked = comeBack(end)) {
        if (*asked != Asked::nothing) return stop(*asked);
        continue;
      }
    if (!watching_ || end.asked != Asked::nothing || !mayPass(end.status, reached, first)) {
      if (end.status != 0 && !end.reason.empty()) around_.service.status(end.reason);
      around_.service.stopping();
      return end.status;
    }

    auto least = std::chrono::ceil<std::chrono::milliseconds>(end.notBefore - Clock::now());
    Backoff& backoff = refused ? refused_ : end.copied ? broken_ : away_;
    auto time = std::max(backoff.next(), least);
    std::string again = "trying again in " + std::to_string((time + 500ms) / 1s) + " s";
    around_.log.line(LogLevel::notice, again);
    around_.service.ready();  // it does what it can: nobody has to wait for a server that is away
    around_.service.status(end.reason + (end.reason.empty() ? "" : "; ") + again);
    if (auto asked = wait(time); asked != Asked::nothing) return stop(asked);
  }
}

std::optional<Asked> Runs::comeBack(const RunEnd& end) {
  if (end.copied) {
    throttled_.reset();
    waited_ = {};
  }
  auto time = std::max(end.comeBack->after, throttled_.next());
  if (!watching_ && waited_ + time > end.comeBack->most) {
    around_.log.line(LogLevel::notice, "The server is to be left alone until " + atTime(time) +
                                           ", which is longer than max-wait. Run again then");
    return std::nullopt;
  }
  waited_ += time;
  std::string again = end.comeBack->why + ("; trying again in " + std::to_string((time + 500ms) / 1s) + " s");
  around_.log.line(LogLevel::notice, again);
  around_.service.ready();
  around_.service.status(again);
  return wait(time);
}

RunEnd Runs::one(const Settings& settings, Reached before) {
  auto began = Clock::now();
  auto made = make(settings, before);
  if (auto end = std::get_if<RunEnd>(&made)) return std::move(*end);
  const auto* two = std::get_if<RunSettings>(&std::get<AnySettings>(made));
  const bool dryRun = two != nullptr && two->sync.dryRun;
  RunEnd end = Run(around_).run(std::move(std::get<AnySettings>(made)));
  exported_ = std::move(end.exported);
  findings_ = std::move(end.findings);
  done_ = end.done;
  auto time = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began);
  around_.log.line(LogLevel::debug, "Cleaning up...");
  bool stale = end.status == static_cast<int>(kStale);
  if (around_.metrics) {
    around_.metrics->ended({end.status, time, std::time(nullptr)});
    around_.writeMetrics();
  }
  around_.log.summary({end.done, stale ? static_cast<int>(ExitStatus::tryAgain) : end.status, time, dryRun});
  return end;
}

// One that was good for a while has become too old, as they all do. One that is refused may have become so
// between its command's cache and the server; if another one is no better, something is wrong.
bool Runs::renews(RunEnd& end, Clock::duration lasted) {
  constexpr unsigned kMostExpired = 5;  // a minute
  bool useful = end.reached == Reached::waiting || lasted > 1min;
  if (!useful) {
    if (!std::exchange(askedAgain_, true)) return true;
    end.status = static_cast<int>(ExitStatus::noPermission);
  } else {
    auto now = Clock::now();
    if (now - expiredSince_ > 1min) expired_ = 0;
    if (expired_++ == 0) expiredSince_ = now;
    if (expired_ <= kMostExpired) return true;
    end.status = static_cast<int>(ExitStatus::unavailable);
  }
  end.reason = "The server ends each session soon, as if its access token were too old. See password-command";
  around_.log.line(LogLevel::error, end.reason);
  return false;
}

std::variant<AnySettings, RunEnd> Runs::make(const Settings& settings, Reached before) {
  try {
    auto made = settings();
    if (auto asked = std::get_if<Asked>(&made)) return RunEnd{.status = stop(*asked), .asked = *asked};
    auto all = std::move(std::get<AnySettings>(made));
    if (auto* run = std::get_if<RunSettings>(&all)) run->local.renewed = run->remote.renewed = askedAgain_;
    if (auto* pull = std::get_if<PullSettings>(&all)) pull->net.renewed = askedAgain_;
    return all;
  } catch (const Failure& failure) {
    // A password that has been told before, but not now: a keyring that is locked is an answer here.
    if (before != Reached::waiting || failure.status != ExitStatus::noPermission) throw;
    around_.log.line(LogLevel::error, failure.what());
    return RunEnd{.status = static_cast<int>(ExitStatus::tryAgain), .reason = failure.what()};
  }
}

Asked Runs::wait(std::chrono::milliseconds time) {
  Descriptor over = timer(time);
  while (true) {
    int timeout = -1;
    if (auto due = around_.service.due()) {
      auto left = std::chrono::ceil<std::chrono::milliseconds>(*due - Clock::now());
      timeout = static_cast<int>(std::max(0ms, left).count());
    }
    pollfd fds[] = {{over.get(), POLLIN, 0}, {around_.signals.fd(), POLLIN, 0}};
    if (poll(fds, std::size(fds), timeout) < 0) continue;
    while (auto asked = around_.signals.next())
      if (*asked != Asked::nothing) return *asked;
    if (fds[0].revents || around_.signals.takeLook()) return Asked::nothing;
    around_.service.alive(Clock::now(), true);
  }
}

int Runs::stop(Asked asked) {
  around_.service.stopping();
  if (asked == Asked::interrupt) around_.log.line(LogLevel::notice, "Interrupted (Ctrl-C)");
  return asked == Asked::interrupt ? kInterrupted : 0;
}

}  // namespace interimap
