// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Numbers for people.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace interimap {

std::string countText(std::uint64_t number);  // "12", "2,000"
std::string sizeText(std::uint64_t octets);   // "812 B", "1.2 kB", "31 MB": powers of 1000
std::string timeText(
    std::chrono::milliseconds time);  // "0.16 s", "14 s", "3 min 20 s", "2 h 5 min", "3 d 4 h"

}  // namespace interimap
