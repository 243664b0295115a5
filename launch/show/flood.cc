// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/show/flood.h"

#include <algorithm>
#include <utility>

namespace interimap {

namespace {

using namespace std::chrono_literals;

constexpr auto kPeriod = 1min;

}  // namespace

bool Flood::admits(std::uint64_t octets, Clock::time_point now) {
  if (!filled_) filled_ = now;
  auto time = std::chrono::duration_cast<std::chrono::milliseconds>(now - *filled_);
  // In whole steps, so that no time is lost to rounding; after an hour it is full in any case.
  auto more =
      limit_.perMinute * static_cast<std::uint64_t>(std::min<decltype(time)>(time, 1h).count()) / 60'000;
  if (more > 0) {
    room_ = std::min(limit_.atOnce, room_ + more);
    filled_ = now;
  }
  octets = std::max(octets, limit_.shortest);
  if (octets > room_ || octets > left_) {
    ++leftOut_;
    return false;
  }
  room_ -= octets;
  left_ -= octets;
  return true;
}

std::optional<std::uint64_t> Flood::due(Clock::time_point now) {
  if (leftOut_ == 0 || (told_ && now - *told_ < kPeriod)) return std::nullopt;
  told_ = now;
  return std::exchange(leftOut_, 0);
}

}  // namespace interimap
