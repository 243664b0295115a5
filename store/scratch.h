// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// For tests: a directory that goes when they are done, and other programs run in it.
#pragma once

#include <stdio.h>
#include <stdlib.h>

#include <filesystem>
#include <stdexcept>
#include <string>

#include "ipc/flags.h"
#include "ipc/mailbox_name.h"
#include "ipc/uid.h"

namespace interimap::store {

class Scratch {
 public:
  explicit Scratch(const std::filesystem::path& parent = std::filesystem::temp_directory_path()) {
    std::string pattern = (parent / "store.XXXXXX").string();
    if (!mkdtemp(pattern.data())) throw std::runtime_error("mkdtemp");
    path_ = pattern;
  }
  // Where fsync costs nothing, for tests that are not about it.
  static std::filesystem::path inMemory() {
    const char* memory = "/dev/shm";
    return std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path();
  }
  ~Scratch() { std::filesystem::remove_all(path_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  const std::string& path() const { return path_; }
  std::string file(const std::string& name = "db") const { return path_ + "/" + name; }
  bool has(const std::string& name) const { return std::filesystem::exists(file(name)); }

  // What a shell command says, both on its output and in its errors.
  std::string run(const std::string& command) const {
    FILE* pipe = popen(("cd " + path_ + " && (" + command + ") 2>&1").c_str(), "r");
    if (!pipe) throw std::runtime_error("popen");
    std::string said;
    char buffer[4096];
    for (std::size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) said.append(buffer, n);
    pclose(pipe);
    return said;
  }
  // What the command line tool of SQLite answers.
  std::string sql(const std::string& statements, const std::string& name = "db") const {
    return run("sqlite3 " + name + " \"" + statements + "\"");
  }

 private:
  std::string path_;
};

inline Uid uid(std::uint32_t n) { return *Uid::of(n); }
inline Flags flags(const char* text) { return *Flags::parse(text); }
inline MailboxName mailbox(std::string bytes) { return *MailboxName::of(std::move(bytes)); }

}  // namespace interimap::store
