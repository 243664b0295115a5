// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Debian 13 in a directory, for the servers that are newer there than where the tests run. tests/debian13
// makes it, once: in $XDG_CACHE_HOME/interimap-tests, ~/.cache/interimap-tests, or for root
// /var/cache/interimap-tests.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/e2e/directory.h"
#include "tests/e2e/process.h"

namespace interimap::bed {

class Debian13 {
 public:
  // None, and why on stderr, if its packages cannot be had, or nothing can be run in it: that takes root, or
  // a user who may make user namespaces.
  static std::optional<Debian13> find();

  fs::path servers() const { return root_ / "srv"; }  // where directories of servers belong
  std::string inside(const fs::path& path) const;     // what a path below the root is to those who run there

  // Run with that root, as the mail user; programs by their absolute names.
  Command command(std::vector<std::string> arguments) const;

 private:
  explicit Debian13(fs::path root) : root_(std::move(root)) {}

  fs::path root_;
};

// Where what was downloaded for the tests is kept.
fs::path cacheDirectory();

}  // namespace interimap::bed
