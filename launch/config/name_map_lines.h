// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Lines "map = LOCAL <-> REMOTE".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "launch/config/ini.h"

namespace interimap {

inline constexpr std::size_t kMostMapped = 256;

bool isMapLine(std::string_view value);

// By turns names on local and on remote, with NUL where a hierarchy delimiter is to be; those of the default
// section. Throws Failure(config) with the line of one that is none, or that is at odds with another.
std::vector<std::string> readMap(const Ini& ini, const std::string& file);

}  // namespace interimap
