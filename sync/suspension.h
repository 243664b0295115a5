// How long the machine slept: CLOCK_BOOTTIME goes on meanwhile, CLOCK_MONOTONIC does not, nor does poll.
// After a long sleep a connection may be dead without a word.
#pragma once

#include <chrono>
#include <functional>

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

}  // namespace interimap
