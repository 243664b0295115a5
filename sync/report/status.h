// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What the database knows, for --status: nothing is asked of any server.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ipc/reporter.h"
#include "store/pull_state.h"
#include "store/store.h"

namespace interimap {

// Of each mailbox, and then of all. `lastSuccess`: of a run, seconds since 1970.
void tellStatus(const store::Store& store, std::optional<std::int64_t> lastSuccess, Reporter& launch);
void tellStatus(const store::PullState& state, const std::vector<std::string>& mailboxes, Reporter& launch);

// There is no such file: nothing has been done yet.
void tellNothing(const std::string& path, Reporter& launch);

}  // namespace interimap
