// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// From the settings to a connection: TCP, or a Unix socket.
#pragma once

#include <string>

#include "ipc/launch.h"
#include "transport/endpoint.h"
#include "transport/log.h"

namespace interimap {

// Opens everything that will be needed: the connected socket, certificates, OpenSSL itself. Reads nothing
// from the network but DNS; greet() shakes hands if TLS is implicit, startTls() is for STARTTLS. Throws
// Failure: unavailable with the reasons if the server cannot be reached, config for settings that cannot
// work: a password without TLS, TLS with a Unix socket whose server is given no name to be verified.
Endpoint openEndpoint(const settings::Delivery& settings, Log log, Passed passed = {});

// "[::1]:25", "mx.example.org:25", "/run/lmtp": for messages.
std::string endpointText(const settings::Delivery& settings);

}  // namespace interimap
