// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A clock that is set while a program looks at it: loaded before libc (LD_PRELOAD), this has CLOCK_REALTIME
// jump a year ahead and back, at every look. CLOCK_MONOTONIC and CLOCK_BOOTTIME are as they are; the kernel's
// own timeouts follow neither.
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <atomic>

namespace {

constexpr time_t kYear = 365 * 86400;

int look(clockid_t clock, timespec* at) {
  static std::atomic<unsigned> looks = 0;
  int result = static_cast<int>(syscall(SYS_clock_gettime, clock, at));
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
    at->tv_sec += looks++ % 2 == 0 ? kYear : -kYear;
  return result;
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* at) noexcept { return look(clock, at); }

int gettimeofday(timeval* at, void*) noexcept {
  timespec now{};
  int result = look(CLOCK_REALTIME, &now);
  *at = {now.tv_sec, now.tv_nsec / 1000};
  return result;
}

time_t time(time_t* at) noexcept {
  timespec now{};
  look(CLOCK_REALTIME, &now);
  if (at != nullptr) *at = now.tv_sec;
  return now.tv_sec;
}
}
