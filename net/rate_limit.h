// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// How many octets may be moved now, if so many a second are allowed. Whoever moved more than that rests: what
// counts is when all of it would have been moved at that rate, and how far that is ahead of the clock.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace interimap {

class RateLimit {
 public:
  using Clock = std::chrono::steady_clock;
  // What may be moved at once after a pause, in time. A layer below may read a record of TLS more.
  static constexpr std::chrono::milliseconds kAhead{250};

  // 0: as fast as it goes.
  explicit RateLimit(std::uint64_t octetsPerSecond) : rate_(octetsPerSecond) {}
  // No limit. Session asks for each piece that it reads: then not even the clock is to be read.
  bool none() const { return rate_ == 0; }

  // So many octets were moved since the beginning.
  void reached(std::uint64_t octets) {
    if (!none()) reached(octets, Clock::now());
  }
  void reached(std::uint64_t octets, Clock::time_point now) {
    if (none() || octets <= moved_) return;
    const double seconds = static_cast<double>(octets - moved_) / static_cast<double>(rate_);
    moved_ = octets;
    due_ = std::max(due_, now) + std::chrono::ceil<Clock::duration>(std::chrono::duration<double>(seconds));
    resting_ = resting_ || due_ - now >= kAhead;
  }

  // So many may be moved now; none while it rests.
  std::size_t most() { return none() ? kAll : most(Clock::now()); }
  std::size_t most(Clock::time_point now) {
    if (none()) return kAll;
    if (left(now).count() > 0) return 0;
    const std::chrono::duration<double> free = kAhead - std::max(due_ - now, Clock::duration::zero());
    const double octets = free.count() * static_cast<double>(rate_);
    return octets < kMost ? std::max<std::size_t>(static_cast<std::size_t>(octets), 1) : kMost;
  }

  // Until then: long enough for a good piece, so that not every octet costs a turn.
  std::chrono::milliseconds left() { return none() ? std::chrono::milliseconds(0) : left(Clock::now()); }
  std::chrono::milliseconds left(Clock::time_point now) {
    resting_ = resting_ && due_ - now > kAhead / 2;
    return std::chrono::ceil<std::chrono::milliseconds>(resting_ ? due_ - now - kAhead / 2
                                                                 : Clock::duration::zero());
  }

 private:
  static constexpr std::size_t kMost = std::size_t{1} << 30;
  static constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();

  std::uint64_t rate_, moved_ = 0;
  Clock::time_point due_{};
  bool resting_ = false;
};

}  // namespace interimap
