// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Which of the random histories are put to the test, and for how long.
#pragma once

#include <chrono>
#include <cstdint>

namespace interimap::model {

struct Options {
  std::uint64_t from = 1;
  std::uint64_t histories = 0;  // 0: as many as there is time for
  std::uint64_t seconds = 15;
};
inline Options options;

// Of one kind, from now on: `oneIn` is how much less of it than was asked for.
class Budget {
 public:
  explicit Budget(std::uint64_t oneIn) : oneIn_(oneIn) {}
  bool admits(std::uint64_t done) const {
    return options.histories ? done < (options.histories + oneIn_ - 1) / oneIn_
                             : Clock::now() - start_ <= std::chrono::seconds(options.seconds);
  }
  double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

 private:
  using Clock = std::chrono::steady_clock;
  std::uint64_t oneIn_;
  Clock::time_point start_ = Clock::now();
};

}  // namespace interimap::model
