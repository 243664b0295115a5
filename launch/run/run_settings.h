// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What the workers are told, from command line and configuration.
#pragma once

#include <string>

#include "ipc/launch.h"
#include "launch/config/arguments.h"
#include "launch/config/configuration.h"
#include "launch/config/paths.h"
#include "launch/run/obtained_password.h"

namespace interimap {

struct RunSettings {
  std::string workers;  // the directory of their programs
  settings::Sync sync;
  settings::Net local, remote;
  Renewal renewLocal = {}, renewRemote = {};  // where the password is an access token, which gets old
};

// Where the database is, or would be, that a configuration calls so; nothing is made. Throws Failure if the
// environment does not say.
SplitPath databasePlace(const std::string& name, bool ofAncestor);

// `configuration` gives its settings away. Passwords that are not in it are to be added. Throws Failure where
// the database's directory is not to be had.
RunSettings runSettings(const Arguments& arguments, Configuration& configuration, bool ofAncestor);

}  // namespace interimap
