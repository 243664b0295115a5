// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A private directory for one test: under /tmp or elsewhere, owned by the mail user, removed at the end.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace interimap::bed {

namespace fs = std::filesystem;

class Directory {
 public:
  explicit Directory(const fs::path& parent = "/tmp");
  ~Directory();  // removes everything, unless KEEP=1 is in the environment: then it says where it is
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  const fs::path& path() const { return path_; }
  fs::path operator/(std::string_view name) const { return path_ / name; }

 private:
  fs::path path_;
};

// Both leave what they make to the mail user, and throw when they cannot.
fs::path makeDirectory(const fs::path& path);
void writeFile(const fs::path& path, std::string_view content, mode_t mode = 0600);
std::string readFile(const fs::path& path);  // empty if there is no such file

// cp -a: times, modes and owners stay, so that a copied maildir is the same mailbox.
void copyTree(const fs::path& from, const fs::path& to);

}  // namespace interimap::bed
