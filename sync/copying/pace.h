// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// How much may be on its way to a server, unanswered: some seconds of what the line has been seen to carry.
// If it breaks, or we are told to stop, so much is in doubt.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace interimap {

class Pace {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::uint64_t kAtFirst = 512 << 10;  // octets, before anything was seen
  static constexpr std::uint64_t kLeastAtFirst = 8 << 10;
  static constexpr std::uint64_t kLeast = 128 << 10, kMost = 8 << 20;
  static constexpr double kSeconds = 3;

  // Something that is sent: to be given back when it is answered.
  struct Sent {
    Time at;
    std::uint64_t answered = 0;  // before it was sent
  };

  // `losses`: how often the line broke over what was sent, and nothing is known of the cause. It may never
  // carry more than that in one go: a quarter each time.
  explicit Pace(std::size_t losses = 0)
      : most_(std::max(kLeastAtFirst, kAtFirst >> (2 * std::min<std::size_t>(losses, 8)))) {}

  std::uint64_t most() const { return most_; }
  // What one window may hold: half of most(), so that the next is on its way while one is answered. Before
  // the first answer all of most(), as twice as many windows cost twice as much.
  std::uint64_t window() const { return answered_ == 0 ? most_ : most_ / 2; }
  Sent send(Time now) const { return {now, answered_}; }
  // All that was answered since it was sent was carried meanwhile; so the time of a round trip does not count
  // as long as much is on its way. At most four times as much as before: the first answers are few.
  void answer(const Sent& sent, std::uint64_t octets, Time now) {
    answered_ += octets;
    double seconds = std::max(std::chrono::duration<double>(now - sent.at).count(), 0.001);
    double carried = static_cast<double>(answered_ - sent.answered) / seconds * kSeconds;
    double most = std::min(carried, 4.0 * static_cast<double>(most_));
    most_ =
        static_cast<std::uint64_t>(std::clamp(most, static_cast<double>(kLeast), static_cast<double>(kMost)));
  }

 private:
  std::uint64_t most_, answered_ = 0;
};

}  // namespace interimap
