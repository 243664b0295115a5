// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The frame around the life of a worker: its first orders, and how it ends.
#pragma once

#include <functional>
#include <utility>
#include <variant>

#include "ipc/failure.h"
#include "ipc/reporter.h"

namespace interimap {

// What a worker says that could not get it.
inline constexpr const char* kOutOfMemory = "There is not enough memory";

// The first order has to be these settings.
template <class Settings>
Settings awaitSettings(Reporter& launch) {
  Order order = launch.await();
  if (auto* settings = std::get_if<Settings>(&order.what)) return std::move(*settings);
  throw PeerViolation("launch sent something else than settings");
}

// False: launch says Stop instead.
bool awaitGo(Reporter& launch);

// main() of a worker whose failures need no more said about them than their text. Runs `live`, catches what
// ends it, tells launch; the process's exit status.
int runWorker(const std::function<void(Reporter& launch)>& live);

}  // namespace interimap
