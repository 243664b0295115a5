// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// interimap's configuration file, checked.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ipc/launch.h"
#include "launch/config/password.h"

namespace interimap {

struct Configuration {
  std::string database;  // as written, or "<remote host>.db"; paths.h resolves it
  std::optional<std::string> logfile;
  std::string logPrefix;
  std::string user;                   // the default section's; accounts have their own in settings::Net
  std::vector<std::string> patterns;  // list-mailbox
  std::vector<std::string> selectionOptions;
  std::optional<std::string> ignore;
  std::optional<std::uint64_t> maxDeletions;  // as in settings::Sync
  bool maxDeletionsPercent = false;
  struct Account {
    settings::Net net;  // with the password, if the configuration says it
    PasswordSource password;
    std::string reference;
    std::uint8_t connections = 1;  // at most
  };
  Account local, remote;

  // Both throw Failure(config) naming file and line.
  static Configuration parse(std::string_view text, const std::string& file);
  static Configuration parse(const Ini& ini, const std::string& file);

  bool holdsPassword() const { return !local.net.password.empty() || !remote.net.password.empty(); }
};

}  // namespace interimap
