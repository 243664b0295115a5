// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Where a configuration says that its accounts are listed: the keys accounts and accounts-command.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "launch/config/ini.h"
#include "launch/fleet/account_list.h"
#include "launch/run/signals.h"

namespace interimap {

class ListSource {
 public:
  // Of this configuration, which need not be expanded. Throws Failure(config) if it says both.
  ListSource(const Ini& ini, const std::string& configuration);

  bool there() const { return !file_.empty() || !command_.empty(); }
  const std::string& file() const { return file_; }  // an absolute path, or empty
  std::string name() const { return file_.empty() ? "accounts-command" : file_; }

  // Or what the user asked for while a command ran. Throws Failure: config as AccountList::parse does, and
  // for a file that cannot be read or holds passwords that anybody can read; tryAgain if the command fails.
  // About who else may read the file `warnings` tells.
  std::variant<AccountList, Asked> read(Signals& signals, std::vector<std::string>& warnings) const;

 private:
  std::string file_, command_;
  bool holdsPasswords_;
};

}  // namespace interimap
