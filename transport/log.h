// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Where the parts of net send their lines: main() hands each a function that passes them on to launch.
#pragma once

#include <functional>
#include <string>

#include "ipc/launch.h"

namespace interimap {

// One line, without "WARNING: " and the like. May quote a server: launch escapes control characters.
using Log = std::function<void(LogLevel, const std::string&)>;

}  // namespace interimap
