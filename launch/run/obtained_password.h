// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The password of an account that has none in the configuration itself.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "ipc/secret.h"
#include "launch/config/password.h"
#include "launch/run/signals.h"

namespace interimap {

// Whose password it is.
struct PasswordOwner {
  std::string program;  // its directory below the configuration's base
  std::string section;
  std::string key = "password";
};

// Where its source tells; empty if there is no source and no credential. Or what the user asked for while a
// command ran. Warnings are added to `warnings`.
std::variant<Secret, Asked> obtainPassword(const PasswordSource& source, const PasswordOwner& owner,
                                           Signals& signals, std::vector<std::string>& warnings);

}  // namespace interimap
