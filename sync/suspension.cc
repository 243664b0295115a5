#include "sync/suspension.h"

#include <time.h>

namespace interimap {

namespace {

Suspension::Duration now(clockid_t clock) {
  timespec time{};
  if (clock_gettime(clock, &time) != 0) return {};  // older kernels have no CLOCK_BOOTTIME
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace

Suspension::Duration Suspension::offset() { return now(CLOCK_BOOTTIME) - now(CLOCK_MONOTONIC); }

}  // namespace interimap
