// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// SIGINT, SIGTERM and SIGHUP end the contender that runs, and then, by an exception, the bench: so that what
// it has started and made is cleared away.
#pragma once

#include <stdexcept>

#include "tests/e2e/process.h"

namespace interimap::bench {

struct Interrupted : std::runtime_error {
  Interrupted() : std::runtime_error("interrupted") {}
};

void catchInterrupts();
void throwIfInterrupted();
bed::Outcome runInterruptibly(bed::Command command);  // throws Interrupted

}  // namespace interimap::bench
