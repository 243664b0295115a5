// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A file that others read while it is replaced.
#pragma once

#include <sys/types.h>
#include <string>
#include <string_view>

namespace interimap {

// All of `text`, at once, in place of what there is; a symbolic link is replaced, not followed. What is on
// disk after a power loss is the one or the other, or empty. Throws Failure(cantCreate) "Can't write PATH:
// …".
void replaceFile(const std::string& path, std::string_view text, mode_t mode = 0600);

}  // namespace interimap
