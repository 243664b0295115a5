// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// How long the machine slept: CLOCK_BOOTTIME goes on meanwhile, CLOCK_MONOTONIC does not, nor does poll.
// After a long sleep a connection may be dead without a word.
#pragma once

#include <chrono>
#include <functional>

#include "ipc/channel.h"

namespace interimap {

class Suspension {
 public:
  using Duration = std::chrono::nanoseconds;
  // By how much CLOCK_BOOTTIME is ahead of CLOCK_MONOTONIC.
  static Duration offset();

  explicit Suspension(std::function<Duration()> offsetNow = offset)
      : offset_(std::move(offsetNow)), begin_(offset_()) {}
  Duration length() const { return offset_() - begin_; }  // since the constructor

 private:
  std::function<Duration()> offset_;
  Duration begin_;
};

// Ends the wait of whoever polls it when the machine wakes up, or its clock is set: to look every few seconds
// instead would keep a machine awake that has nothing to do.
class Awakening {
 public:
  Awakening();             // before lock-in
  void moveTo(int place);  // a descriptor
  int fd() const { return timer_ ? timer_.get() : -1; }
  void take();  // once fd() is readable

 private:
  Descriptor timer_;
};

}  // namespace interimap
