// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// How soon a watcher looks again at mailboxes of which no server tells it: soon after something happened, as
// that is when more does, and later and later while nothing does. Where a look takes long, as at servers
// without mod-sequences, it is not taken all the time either.
#pragma once

#include <algorithm>
#include <chrono>

namespace interimap {

class PollInterval {
 public:
  static constexpr std::chrono::milliseconds kShortest{15'000}, kLongest{240'000};
  static constexpr int kRests = 10;  // times as long as the look took

  // The interval after a look that took so long. `found`: it found something to do, or was asked for by news.
  std::chrono::milliseconds after(bool found, std::chrono::milliseconds took) {
    next_ = found ? kShortest : std::min(2 * next_, kLongest);
    return std::clamp(kRests * took, next_, kLongest);
  }

 private:
  std::chrono::milliseconds next_ = kShortest;
};

}  // namespace interimap
