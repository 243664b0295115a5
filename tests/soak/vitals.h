// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Memory and open descriptors of the processes of a group, at one moment.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace interimap::soak {

struct Vitals {
  std::size_t processes = 0;
  std::uint64_t resident = 0;      // octets, the sum of what each has resident
  std::uint64_t proportional = 0;  // octets, shared pages divided among those who share them
  std::size_t descriptors = 0;
  bool complete = true;  // false: only root may look into processes that are locked in
};

Vitals vitalsOf(pid_t group);

}  // namespace interimap::soak
