// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Programs of Debian packages: those installed, else downloaded and unpacked, once, into the tests' cache.
// Nothing of theirs is configured or started by that, and no right is needed.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace interimap::bench {

inline constexpr const char* kPostfixPackages = "postfix libnsl2 libtirpc3 libsasl2-2 libdb5.3 libicu72";

struct PackagedProgram {
  std::string path;
  std::vector<std::string> environment;  // with which it finds its libraries

  // `path` as where it is installed; `packages` has it in the first one, and what that one needs. None, and
  // why on stderr, if they cannot be had.
  static std::optional<PackagedProgram> find(const std::string& path, const std::string& packages);
};

}  // namespace interimap::bench
