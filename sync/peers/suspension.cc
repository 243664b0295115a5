// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/peers/suspension.h"

#include <fcntl.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <limits>

namespace interimap {

namespace {

Suspension::Duration now(clockid_t clock) {
  timespec time{};
  if (clock_gettime(clock, &time) != 0) return {};  // older kernels have no CLOCK_BOOTTIME
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace

Suspension::Duration Suspension::offset() { return now(CLOCK_BOOTTIME) - now(CLOCK_MONOTONIC); }

// Never due; but a jump of its clock, and a sleep is one, makes it readable: timerfd_create(2).
Awakening::Awakening() : timer_(timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK)) {
  itimerspec never{};
  never.it_value.tv_sec = std::numeric_limits<time_t>::max();
  constexpr int kFlags = TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET;
  if (timer_ && timerfd_settime(timer_.get(), kFlags, &never, nullptr) != 0) timer_ = {};
}

void Awakening::moveTo(int place) {
  if (timer_ && timer_.get() != place) timer_ = Descriptor(dup3(timer_.get(), place, O_CLOEXEC));
}

// Fails with ECANCELED, and from then on waits for the next jump.
void Awakening::take() {
  std::uint64_t expirations = 0;
  (void)!read(timer_.get(), &expirations, sizeof expirations);
}

}  // namespace interimap
