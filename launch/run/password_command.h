// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Programs that tell something: password-command and the like.
#pragma once

#include <chrono>
#include <string>
#include <variant>
#include <vector>

#include "ipc/exit_status.h"
#include "ipc/secret.h"
#include "launch/run/signals.h"

namespace interimap {

// What a command is to tell (null: nothing), how much of it at most, in what time, and the status of one that
// fails.
struct CommandBounds {
  const char* what;
  std::size_t octets;
  std::chrono::milliseconds time;
  ExitStatus failure;
  std::vector<std::string> environment = {};  // "NAME=VALUE", beside ours
};

// What `command` writes, run by sh(1) with nothing to read, or the beginning of it: as many octets as it may
// write and one more. Or what the user asked for meanwhile. Throws Failure "SOURCE …" if it fails or is not
// done in time; then, and when asked to stop, it is ended.
std::variant<std::string, Asked> textFromCommand(const std::string& command, const std::string& source,
                                                 const CommandBounds& bounds, Signals& signals);

inline constexpr std::chrono::milliseconds kPasswordCommandTime{30'000};

// The first line that it writes; what else it writes does not matter. Throws Failure(noPermission)
// "SOURCE …", also if it tells no password.
std::variant<Secret, Asked> passwordFromCommand(const std::string& command, const std::string& source,
                                                Signals& signals,
                                                std::chrono::milliseconds time = kPasswordCommandTime);

}  // namespace interimap
