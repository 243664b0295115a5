// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// imapsync, as interimap was called until 2015: its configuration is understood.
#pragma once

#include <string>
#include <vector>

#include "launch/config/ini.h"

namespace interimap::ancestor {

inline constexpr const char* kProgram = "imapsync";  // its directory's name below the XDG base directories

// Whether this configuration file, an absolute path, lies in the ancestor's directory.
bool isItsConfiguration(const std::string& path);

// Gives keys that have other names now these names, unless a key of that name is there already. Returns what
// it found, in the form "SSL_ca_path is SSL_CApath now".
std::vector<std::string> renameKeys(Ini& ini);

}  // namespace interimap::ancestor
