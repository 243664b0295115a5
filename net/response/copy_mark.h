// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The header lines that other programs add to each copy they make, to find it again: X-TUID (mbsync) and
// X-OfflineIMAP (OfflineIMAP). They do not make it another message, so no digest counts them.
#pragma once

#include <string_view>

namespace interimap {

// `line`: one of a header, whole, its end included or not; also in lower case.
bool isCopyMark(std::string_view line);

// No such line is longer.
inline constexpr std::size_t kLongestCopyMark = 256;

}  // namespace interimap
