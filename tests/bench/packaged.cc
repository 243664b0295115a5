// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/bench/packaged.h"

#include <unistd.h>

#include "tests/e2e/unpacked.h"

namespace interimap::bench {

std::optional<PackagedProgram> PackagedProgram::find(const std::string& path, const std::string& packages) {
  if (access(path.c_str(), X_OK) == 0) return PackagedProgram{path, {}};
  const auto root = bed::unpacked(packages);
  if (!root || access((root->string() + path).c_str(), X_OK) != 0) return std::nullopt;
  return PackagedProgram{
      root->string() + path,
      {bed::libraryPath(*root), "PYTHONPATH=" + (*root / "usr/lib/python3/dist-packages").string()}};
}

}  // namespace interimap::bench
