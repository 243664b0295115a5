// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What SASL (RFC 4422) needs in whichever protocol carries it. What comes out holds a password: it is wiped
// with its owner, and nothing of it stays behind.
#pragma once

#include <string_view>

#include "ipc/secret.h"

namespace interimap::sasl {

// RFC 4648 section 4.
Secret base64(std::string_view octets);

// The message of PLAIN (RFC 4616 section 2), without authorisation identity, in base64.
Secret plain(std::string_view username, std::string_view password);

}  // namespace interimap::sasl
