// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// How long to wait before the next attempt: longer after each failure, and never quite as long as others
// whose server went away at the same moment.
#pragma once

#include <chrono>
#include <cstdint>
#include <random>

namespace interimap {

class Backoff {
 public:
  static constexpr std::chrono::milliseconds kShortest{1000}, kLongest{600'000};

  explicit Backoff(std::uint32_t seed) : random_(seed) {}

  // kShortest … kLongest; from the upper half of a span that doubles with each call.
  std::chrono::milliseconds next();
  void reset() { span_ = 2 * kShortest; }

 private:
  std::minstd_rand random_;
  std::chrono::milliseconds span_ = 2 * kShortest;
};

}  // namespace interimap
