// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// password-command: a program that tells a password.
#pragma once

#include <chrono>
#include <string>
#include <variant>

#include "ipc/secret.h"
#include "launch/run/signals.h"

namespace interimap {

inline constexpr std::chrono::milliseconds kPasswordCommandTime{30'000};

// The first line that `command` writes, run by sh(1) with nothing to read; what else it writes does not
// matter. Or what the user asked for meanwhile. Throws Failure(noPermission) "SOURCE: …" if it fails, tells
// no password, or is not done in `time`; then, and when asked to stop, it is ended.
std::variant<Secret, Asked> passwordFromCommand(const std::string& command, const std::string& source,
                                                Signals& signals,
                                                std::chrono::milliseconds time = kPasswordCommandTime);

}  // namespace interimap
