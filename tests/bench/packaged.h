// Programs of Debian packages that are not installed: downloaded and unpacked, once, into the tests' cache. Nothing of
// theirs is started or configured by that, and no right is needed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/e2e/directory.h"

namespace interimap::bench {

namespace fs = std::filesystem;

struct Unpacked {
  fs::path root;

  // None, and why on stderr, if the packages cannot be had. `program`, below the root, tells whether they are there.
  static std::optional<Unpacked> find(const std::string& name, const std::string& packages,
                                      const fs::path& program);

  // What a program of theirs needs in its environment, to find its libraries.
  std::vector<std::string> environment() const;
};

}  // namespace interimap::bench
