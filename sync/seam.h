// The one seam through which every change to a server or to the database passes. A test can stop the process
// there, just before or just after the n-th change, as a kill at that instant would.
#pragma once

#include <unistd.h>

#include <cstdint>

namespace interimap {

class Seam {
 public:
  // stopAt counts from 1; 0: never.
  Seam(std::uint32_t stopAt, bool stopAfter) : stopAt_(stopAt), stopAfter_(stopAfter) {}

  void before() {
    if (++writes_ == stopAt_ && !stopAfter_) _exit(kStopped);
  }
  void after() {
    if (writes_ == stopAt_ && stopAfter_) _exit(kStopped);
  }

 private:
  static constexpr int kStopped = 137;  // what a shell shows for SIGKILL
  std::uint32_t stopAt_, writes_ = 0;
  bool stopAfter_;
};

}  // namespace interimap
