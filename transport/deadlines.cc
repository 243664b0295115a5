// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "transport/deadlines.h"

#include <errno.h>
#include <poll.h>

#include <algorithm>

namespace interimap {

Patience::Patience(std::chrono::milliseconds step, std::chrono::milliseconds total)
    : step_(step), end_(Clock::now() + total) {}

bool Patience::await(const Stream& stream) {
  if (stream.pending()) return Clock::now() < end_;
  short events = static_cast<short>((stream.wantsRead() ? POLLIN : 0) | (stream.wantsWrite() ? POLLOUT : 0));
  Clock::time_point until = std::min(Clock::now() + step_, end_);
  while (true) {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
    if (left <= 0ms) return false;
    pollfd wait{stream.fd(), events, 0};
    int ready = poll(&wait, 1, static_cast<int>(left.count()));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

}  // namespace interimap
