// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What a server calls a message (ipc/identity.h).
#pragma once

#include <string_view>

#include "ipc/identity.h"

namespace interimap {

// OpenSSL has to be initialised.
ServerId serverId(std::string_view text);

}  // namespace interimap
