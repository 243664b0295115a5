// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// pullimap under test: sections, directories, runs. The program beside the one that INTERIMAP_BIN names.
#pragma once

#include <string>
#include <vector>

#include "tests/e2e/interimap.h"

namespace interimap::bed {

inline constexpr const char* kPerlPull = "/usr/bin/pullimap";

// A section of the configuration.
struct PullAccount {
  std::string name;
  Account imap;
  std::vector<std::string> more = {};  // "deliver-rcpt = alice"

  std::string text() const;
};

class Pullimap {
 public:
  // Configuration and state live in `directory`; `options` are lines of the default section.
  Pullimap(const fs::path& directory, std::vector<PullAccount> accounts,
           std::vector<std::string> options = {});

  // With the first section, and --debug, unless there are arguments.
  Run run(std::vector<std::string> arguments = {}, std::vector<std::string> environment = {}) const;
  Run runPerl(std::vector<std::string> arguments = {}) const;
  BackgroundProcess runInBackground(std::vector<std::string> arguments) const;  // its log: log()
  std::string log() const { return readFile(directory_ / "stderr"); }
  Command command(const std::string& program, std::vector<std::string> arguments) const;  // not yet started

  void configure(std::vector<PullAccount> accounts, std::vector<std::string> options = {});
  void set(std::vector<std::string> options) { configure(accounts_, std::move(options)); }
  fs::path directory() const { return directory_; }
  fs::path states() const { return directory_ / "data/pullimap"; }
  fs::path state() const { return states() / accounts_.front().name; }

 private:
  fs::path directory_;
  std::vector<PullAccount> accounts_;
};

}  // namespace interimap::bed
