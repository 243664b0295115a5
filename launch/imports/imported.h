// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// --import: a configuration for what another program's says, with remarks on what is not understood, and
// without secrets.
#pragma once

#include <string>
#include <string_view>

#include "launch/config/arguments.h"

namespace interimap {

// Of the pair of accounts that `name` names there, or of the first one if it is empty. Throws Failure:
// config "FILE:LINE: …" if the file is not what it should be, data if nothing can be made of it.
std::string imported(Origin origin, std::string_view text, const std::string& file, const std::string& name);

namespace imports {

std::string fromMbsync(std::string_view text, const std::string& file, const std::string& name);
std::string fromOfflineImap(std::string_view text, const std::string& file, const std::string& name);

}  // namespace imports
}  // namespace interimap
