// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The one seam through which every change to a server or to the database passes. A test can stop the process
// there, just before or just after the n-th change, as a kill at that instant would.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <functional>
#include <utility>

namespace interimap {

class Seam {
 public:
  static constexpr int kStopped = 137;  // what a shell shows for SIGKILL

  // stopAt counts from 1; 0: never. `stop` does not return.
  Seam(
      std::uint32_t stopAt, bool stopAfter, std::function<void()> stop = [] { _exit(kStopped); })
      : stopAt_(stopAt), stopAfter_(stopAfter), stop_(std::move(stop)) {}

  void before() {
    if (++writes_ == stopAt_ && !stopAfter_) stop_();
  }
  void after() {
    if (writes_ == stopAt_ && stopAfter_) stop_();
  }
  std::uint32_t writes() const { return writes_; }  // begun so far

 private:
  std::uint32_t stopAt_, writes_ = 0;
  bool stopAfter_;
  std::function<void()> stop_;
};

}  // namespace interimap
