// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The keys for TLS, SSL_…: of an IMAP account, and with a prefix of the server that mail is delivered to.
#pragma once

#include <span>
#include <string>

#include "ipc/launch.h"
#include "launch/config/key.h"

namespace interimap {

extern const std::span<const Key> kTlsKeys;

// Throws Failure(config) for a protocol version that is none; and, where TLS is `spoken`, for a certificate
// authority that is not there and a fingerprint that can match nothing.
settings::Tls readTls(const Keys& keys, const std::string& prefix, bool spoken);

}  // namespace interimap
