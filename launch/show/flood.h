// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// How much one kind of message may add to the log: a server that talks without end shall not fill a disk.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace interimap {

// Octets.
struct FloodLimit {
  std::uint64_t shortest;   // what a line counts for, however short it is
  std::uint64_t atOnce;     // after a silence
  std::uint64_t perMinute;  // all the time
  std::uint64_t inAll;      // of a session
};

// What reaches us from a server through net or delivery: 60 lines a minute, fewer if they are long.
inline constexpr FloodLimit kFromServer{1 << 10, 60 << 10, 60 << 10, 8 << 20};
// What sync says of its work. A first run, or a dry one, may have a line to say of each of many thousand
// mailboxes; trouble is less.
inline constexpr FloodLimit kOfWork{1, 64 << 20, 1 << 20, ~std::uint64_t{0}};
inline constexpr FloodLimit kOfTrouble{1, 4 << 20, 64 << 10, ~std::uint64_t{0}};

class Flood {
 public:
  using Clock = std::chrono::steady_clock;
  explicit Flood(FloodLimit limit) : limit_(limit), room_(limit.atOnce), left_(limit.inAll) {}

  // Whether a line of so many octets may be shown; if not, it is counted.
  bool admits(std::uint64_t octets, Clock::time_point now);
  // How many were not, if it is time to say so: with the first one, then each minute. Starts from 0 again.
  std::optional<std::uint64_t> due(Clock::time_point now);
  std::uint64_t rest() const { return leftOut_; }  // those that were not told yet

 private:
  FloodLimit limit_;
  std::uint64_t room_, left_, leftOut_ = 0;
  std::optional<Clock::time_point> filled_, told_;
};

}  // namespace interimap
