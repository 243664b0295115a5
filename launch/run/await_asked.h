// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// For tests: a process that does nothing until somebody who has forked it passes on what is asked.
#pragma once

#include <poll.h>

#include "launch/run/signals.h"

namespace interimap {

// The status to end with: 1 if that was an interrupt.
inline int awaitAsked() {
  Signals signals({}, kPassedOn);
  while (true) {
    pollfd each{signals.fd(), POLLIN, 0};
    poll(&each, 1, -1);
    while (auto asked = signals.next())
      if (*asked != Asked::nothing) return *asked == Asked::interrupt ? 1 : 0;
  }
}

}  // namespace interimap
