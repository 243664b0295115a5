// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Programs of Debian packages that the tests do not install: downloaded and unpacked, once, into the tests'
// cache. Nothing of theirs is configured or started by that, and no right is needed.
#pragma once

#include <optional>
#include <string>

#include "tests/e2e/directory.h"

namespace interimap::bed {

// Where they are, named after the first of the packages. None, and why on stderr, if they cannot be had.
std::optional<fs::path> unpacked(const std::string& packages);

// Where the tests run: "12", "13" …; empty if that is no Debian.
std::string debianRelease();

// "LD_LIBRARY_PATH=..." for programs below this root.
std::string libraryPath(const fs::path& root);

}  // namespace interimap::bed
