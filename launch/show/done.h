// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What a run has done, of either program.
#pragma once

#include <string>
#include <variant>

#include "ipc/launch.h"

namespace interimap {

using Done = std::variant<Synchronised, Pulled>;

void add(Synchronised& total, const Synchronised& more);
void add(Pulled& total, const Pulled& more);

// "3 copied, 2 flag changes, 1 expunged", "7 delivered, 1 deferred": for people; empty if nothing was.
std::string doneText(const Synchronised& done);
std::string doneText(const Pulled& done);

}  // namespace interimap
