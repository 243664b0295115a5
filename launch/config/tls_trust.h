// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What can be seen at once of the trust in a server had better not wait for a connection.
#pragma once

#include <string>

#include "ipc/settings.h"
#include "launch/config/key.h"

namespace interimap {

// Throws Failure(config) for a certificate authority that is not there and a fingerprint that can match
// nothing. `prefix` stands before the names of the keys.
void checkTrust(const settings::Tls& tls, const Keys& keys, const std::string& prefix = {});

}  // namespace interimap
