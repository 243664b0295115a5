// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What a run has done, of either program.
#pragma once

#include <chrono>
#include <cstdint>
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

// Whether anything was done, in whatever way; what failed or waits does not count.
bool isSomething(const Done& done);

enum class Mood : std::uint8_t { indicative, conditional };  // what was done; of a dry run, what would be

// The line with which a run ends: "Copied 2,000 messages (31 MB) to local, 12 flag changes, 3 expunged in 14
// s; 1 held back"; empty if nothing was done.
std::string summaryText(const Done& done, std::chrono::milliseconds time, Mood mood);

}  // namespace interimap
