// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/e2e/directory.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <sstream>
#include <system_error>

#include "tests/e2e/process.h"

namespace interimap::bed {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

void giveToMailUser(const fs::path& path) {
  if (geteuid() != 0) return;
  if (lchown(path.c_str(), mailUser().uid, mailUser().gid) != 0) fail("chown " + path.string());
}

}  // namespace

Directory::Directory(const fs::path& parent) {
  std::string name = parent / "interimap-XXXXXX";
  if (mkdtemp(name.data()) == nullptr) fail("mkdtemp");
  path_ = name;
  giveToMailUser(path_);
}

Directory::~Directory() {
  const char* keep = getenv("KEEP");
  if (keep != nullptr && *keep == '1') {
    std::fprintf(stderr, "kept: %s\n", path_.c_str());
    return;
  }
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

fs::path makeDirectory(const fs::path& path) {
  if (path.has_parent_path() && !fs::exists(path.parent_path())) makeDirectory(path.parent_path());
  if (mkdir(path.c_str(), 0700) == 0) {
    giveToMailUser(path);
  } else if (errno != EEXIST) {
    fail("mkdir " + path.string());
  }
  return path;
}

void writeFile(const fs::path& path, std::string_view content, mode_t mode) {
  int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  if (file < 0) fail("open " + path.string());
  for (std::string_view rest = content; !rest.empty();) {
    ssize_t n = write(file, rest.data(), rest.size());
    if (n < 0) fail("write " + path.string());
    rest.remove_prefix(static_cast<std::size_t>(n));
  }
  fchmod(file, mode);
  close(file);
  giveToMailUser(path);
}

std::string readFile(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

void copyTree(const fs::path& from, const fs::path& to) {
  Command copy{{"cp", "-a", "--", from.string(), to.string()}};
  copy.unprivileged = false;
  Outcome outcome = run(copy);
  if (!outcome.succeeded()) throw std::runtime_error("cp -a " + from.string() + ": " + outcome.errors);
}

}  // namespace interimap::bed
