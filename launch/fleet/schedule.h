// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Which of many accounts is to be run next: so many at a time, in their order, and again after a while what
// may pass. The time is told by whoever asks.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "launch/run/backoff.h"

namespace interimap {

class Schedule {
 public:
  using Time = std::chrono::steady_clock::time_point;

  static constexpr unsigned kMostAttempts = 3;  // of one that does not watch
  static constexpr Backoff::Range kAgain{std::chrono::seconds(2), std::chrono::minutes(1)};
  static constexpr Backoff::Range kWatchAgain{std::chrono::seconds(10), std::chrono::minutes(10)};

  Schedule(std::size_t jobs, bool watching, std::uint32_t seed)
      : jobs_(jobs), watching_(watching), seed_(seed) {}

  void add(const std::string& name);     // of which there is none; behind all others
  void remove(const std::string& name);  // wherever it is
  void stop();                           // nothing is started any more

  // The next one to be started, which counts as one of the jobs from here on.
  std::optional<std::string> next(Time now);
  // It watches, has nothing to do, and leaves its place to the next.
  void ready(const std::string& name);
  // True if that was all; false if it will be started again.
  bool ended(const std::string& name, int status, Time now);

  // When next() is to be asked again though nothing has happened; nothing if never.
  std::optional<Time> due() const;
  bool over() const { return running_ == 0 && fresh_.empty() && again_.empty(); }
  bool begun() const { return busy_ == 0 && fresh_.empty(); }  // each has been ready or ended once
  unsigned attempts(const std::string& name) const;            // since it worked last
  std::size_t running() const { return running_; }             // with those that watch
  std::size_t watching() const { return running_ - busy_; }
  std::size_t later() const { return again_.size(); }

 private:
  enum class State : std::uint8_t { fresh, busy, watching, again, over };
  struct Entry {
    Backoff backoff;
    State state = State::fresh;
    unsigned attempts = 0;
  };

  bool mayPass(const Entry& entry, int status) const;
  void leave(const std::string& name, Entry& entry, State state);

  std::size_t jobs_;
  bool watching_;
  std::uint32_t seed_;
  std::size_t busy_ = 0, running_ = 0;  // of the jobs; with those that watch
  std::map<std::string, Entry> entries_;
  std::deque<std::string> fresh_;
  std::multimap<Time, std::string> again_;
};

}  // namespace interimap
