// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What the figures were measured on.
#pragma once

#include <string>

#include "tests/e2e/directory.h"

namespace interimap::bench {

// Some lines: processor, memory, kernel, the file systems of the mail stores and of the clients' state,
// versions, load.
std::string describeMachine(const std::filesystem::path& stores, const std::filesystem::path& clients);

}  // namespace interimap::bench
