// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A port of TCP as the configuration says it.
#pragma once

#include <string_view>

namespace interimap {

// 1 to 65535, or the name of a service that services(5) knows.
bool isPort(std::string_view text);

}  // namespace interimap
