// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// How many of the histories of the exhaustive test are put to the test: one in so many.
#pragma once

#include <cstdint>

namespace interimap::model {

inline std::uint64_t exhaustiveStride = 48;

}  // namespace interimap::model
