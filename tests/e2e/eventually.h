// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Waiting for what another process is about to do.
#pragma once

#include <chrono>
#include <functional>
#include <thread>

namespace interimap::bed {

inline bool eventually(const std::function<bool()>& holds,
                       std::chrono::milliseconds patience = std::chrono::seconds(30)) {
  using Clock = std::chrono::steady_clock;
  for (auto end = Clock::now() + patience; Clock::now() < end;) {
    if (holds()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return holds();
}

}  // namespace interimap::bed
