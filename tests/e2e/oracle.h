// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The Perl program beside ours, in the same situation.
#pragma once

#include <unistd.h>

#include "tests/e2e/interimap.h"

namespace interimap::bed {

inline constexpr const char* kPerl = "/usr/bin/interimap";

// The program under test and, where it is installed, the Perl one.
inline std::vector<std::string> programs() {
  std::vector<std::string> all{programPath()};
  if (!isReference() && access(kPerl, X_OK) == 0) all.push_back(kPerl);
  return all;
}

}  // namespace interimap::bed
