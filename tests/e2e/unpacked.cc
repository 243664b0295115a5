// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/e2e/unpacked.h"

#include <cstdio>

#include "tests/e2e/debian13.h"
#include "tests/e2e/process.h"

namespace interimap::bed {
namespace {

// Into a directory of its own first, so that a cache that is there is complete.
constexpr const char* kUnpack = R"(
root=$0
mkdir -p "${root%/*}"
new=$(mktemp -d "$root.XXXXXX")
trap 'rm -rf "$new"' EXIT
cd "$new"
apt-get -qq download $1
for package in *.deb; do dpkg -x "$package" .; rm "$package"; done
chmod -R a+rX .
mv -T "$new" "$root" || [ -d "$root" ]
)";

}  // namespace

std::optional<fs::path> unpacked(const std::string& packages) {
  fs::path root = cacheDirectory() / (packages.substr(0, packages.find(' ')) + "-unpacked");
  if (fs::exists(root)) return root;
  Command unpack{{"sh", "-ec", kUnpack, root.string(), packages}, {}};
  unpack.unprivileged = false;
  unpack.timeout = std::chrono::minutes(3);
  Outcome outcome = run(unpack);
  if (fs::exists(root)) return root;
  std::fprintf(stderr, "no %s: it cannot be had here: %s\n", packages.c_str(), outcome.errors.c_str());
  return std::nullopt;
}

std::string debianRelease() {
  const std::string text = readFile("/etc/os-release"), key = "\nVERSION_ID=\"";
  const std::size_t at = text.find(key);
  if (at == std::string::npos || text.find("\nID=debian\n") == std::string::npos) return {};
  const std::size_t begin = at + key.size();
  return text.substr(begin, text.find('"', begin) - begin);
}

std::string libraryPath(const fs::path& root) {
  const std::string r = root.string();
  return "LD_LIBRARY_PATH=" + r + "/usr/lib/x86_64-linux-gnu:" + r + "/lib/x86_64-linux-gnu:" + r +
         "/usr/lib/postfix";
}

}  // namespace interimap::bed
