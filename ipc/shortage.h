// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What the kernel refuses because there is not enough of it.
#pragma once

#include <string>

#include "ipc/failure.h"

namespace interimap {

// "WHAT: Too many open files; …" with what to do about it. The status is tryAgain for what others may give
// back or an administrator can allow: descriptors, processes, memory. Whatever else `error` (an errno) is,
// should not happen: internal.
Failure systemFailure(const std::string& what, int error);

}  // namespace interimap
