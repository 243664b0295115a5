// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The list of a role as a filter in the kernel.
#pragma once

#include "sandbox/sandbox.h"

namespace interimap::sandbox {

// From here on, a call that is not on the list ends the process. Needs no-new-privs. Throws
// std::runtime_error.
void loadFilter(Role role);

}  // namespace interimap::sandbox
