// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A file that did not exist before.
#pragma once

#include <string>
#include <string_view>

namespace interimap {

// With mode 0600 and all of `text`, on disk; or not at all. Throws Failure: cantCreate "Can't create PATH:
// …", also if there is something of that name, io if it cannot be written.
void writeNewFile(const std::string& path, std::string_view text);

}  // namespace interimap
