// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// How long to wait before the next attempt: longer after each failure, and never quite as long as others
// whose server went away at the same moment.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>

namespace interimap {

class Backoff {
 public:
  struct Range {
    std::chrono::milliseconds shortest, longest;
    Range notLongerThan(std::chrono::milliseconds most) const { return {shortest, std::min(longest, most)}; }
  };
  // For a server that is away.
  static constexpr Range kAway{std::chrono::seconds(1), std::chrono::minutes(10)};
  // For one that was there, and whose line broke while there was something to copy.
  static constexpr Range kBroken{std::chrono::seconds(1), std::chrono::seconds(30)};
  // For one that refused the login: many of those are locked out who try again at once.
  static constexpr Range kRefused{std::chrono::minutes(1), std::chrono::hours(1)};

  // For one that is asked too much and does not say how long to wait.
  static constexpr Range kThrottled{std::chrono::milliseconds(500), std::chrono::minutes(5)};

  explicit Backoff(std::uint32_t seed, Range range = kAway) : random_(seed), range_(range) { reset(); }

  // From the upper half of a span that doubles with each call; within the range.
  std::chrono::milliseconds next();
  void reset() { span_ = std::min(2 * range_.shortest, range_.longest); }

 private:
  std::minstd_rand random_;
  Range range_;
  std::chrono::milliseconds span_{};
};

}  // namespace interimap
