// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The password of an account that has none in the configuration itself.
#pragma once

#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "ipc/checked.h"
#include "ipc/failure.h"
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

// The same for a check, which goes on without one: a command that fails is one of its findings.
std::variant<Secret, Asked> obtainPasswordOr(std::vector<Finding>& findings, const PasswordSource& source,
                                             const PasswordOwner& owner, Signals& signals,
                                             std::vector<std::string>& warnings);
// Whatever keeps a password from being had, or a run from beginning.
Finding findingOf(const Failure& failure);

// Asks for an account's password anew, for a connection that is made in the middle of a run: an access token
// may have become too old meanwhile. None where what was told at its beginning stays good.
using Renewal = std::function<std::variant<Secret, Asked>()>;
Renewal renewal(const PasswordSource& source, const PasswordOwner& owner, Signals& signals);
// It is an access token, of which a command may tell a newer one.
bool ages(const PasswordSource& source, const std::vector<std::string>& auth);

}  // namespace interimap
