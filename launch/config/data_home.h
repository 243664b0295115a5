// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// For the tests: a directory for state, until the end of the test case.
#pragma once

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>

namespace interimap {

struct DataHome {
  char path[32] = "/tmp/interimap-data-XXXXXX";
  DataHome() {
    REQUIRE(mkdtemp(path));
    setenv("XDG_DATA_HOME", path, 1);
  }
  ~DataHome() {
    unsetenv("XDG_DATA_HOME");
    std::filesystem::remove_all(path);
  }
};

}  // namespace interimap
