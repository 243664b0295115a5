// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// interimap's configuration file, checked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

#include "ipc/settings.h"
#include "launch/config/log_keys.h"
#include "launch/config/password.h"
#include "launch/config/values.h"

namespace interimap {

struct Configuration {
  std::string database;  // as written, or "<remote host>.db"; paths.h resolves it
  std::optional<std::string> accounts, accountsCommand;  // where many accounts are listed
  std::optional<std::string> metrics;                    // a file for them
  std::optional<std::string> onChange;                   // a command
  std::uint32_t maxPause = 600;                          // of a watcher, between two attempts, in seconds
  LogKeys log;
  settings::Sync sync;  // as far as the configuration says it; the user is the default section's
  struct Account {
    settings::Net net;                     // with the password, if the configuration says it
    PasswordSource password, keyPassword;  // of the account, and of SSL_key
  };
  Account local, remote;

  static constexpr auto rows() {
    return std::tuple{
        settings::Key("database", &Configuration::database, settings::as::Text{}),
        settings::Key("accounts", &Configuration::accounts, settings::as::Text{}),
        settings::Key("accounts-command", &Configuration::accountsCommand, settings::as::Text{}),
        settings::Key("metrics", &Configuration::metrics, settings::as::Path{}),
        settings::Key("on-change", &Configuration::onChange, settings::as::Text{}),
        settings::Key("max-pause", &Configuration::maxPause, settings::as::Number{1, 86400}),
        settings::Part("", &Configuration::log),
    };
  }

  // Both throw Failure(config) naming file and line.
  static Configuration parse(std::string_view text, const std::string& file);
  static Configuration parse(const Ini& ini, const std::string& file);

  bool holdsPassword() const {
    return !local.net.password.empty() || !remote.net.password.empty() || !local.net.keyPassword.empty() ||
           !remote.net.keyPassword.empty();
  }
};

}  // namespace interimap
