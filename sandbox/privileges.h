// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The privileges of a process: its user, its groups, its capabilities, and what it may get of all that later.
#pragma once

#include <optional>
#include <string>

#include "sandbox/root_directory.h"

namespace interimap::sandbox {

// The account of that name. Nothing for "", "root", or whoever else has the user ID 0: nobody to become.
// Reads the user database, so it has to come before the change of root. Throws std::runtime_error if there is
// no such user.
std::optional<Account> accountToBecome(const std::string& name);

// Takes the capabilities out of the bounding set, as far as the process may.
void emptyBoundingSet();

// From root to that account: groups, group, user; and makes sure that there is no way back. Throws
// std::runtime_error.
void become(const Account& account);

// Not dumpable, no new privileges by exec, no core files, no children, few descriptors. Throws
// std::runtime_error.
void limitProcess();

// All sets empty, and the user IDs all one; also for a root that stays root. Throws std::runtime_error.
void dropCapabilities();

}  // namespace interimap::sandbox
