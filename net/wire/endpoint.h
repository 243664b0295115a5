// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// From an account's settings to a connection, over the network or through a tunnel.
#pragma once

#include <memory>
#include <optional>

#include "ipc/launch.h"
#include "net/wire/tunnel.h"
#include "transport/endpoint.h"
#include "transport/log.h"

namespace interimap {

// OpenSSL itself, and all that TLS may need, every file read: what takes longest and needs no network.
// nullptr if there will be no TLS. To be called first of all and once. Throws Failure(config) for bad
// settings.
std::unique_ptr<TlsContext> prepareTls(const settings::Net& settings, Log log, Passed passed = {});

struct Opened {
  Endpoint endpoint;
  std::optional<TunnelProcess> command;  // that made the connection
};

// Opens everything else that will be needed. Reads nothing from the network but DNS; greet() talks to the
// proxy if there is one, and shakes hands if the transport is imaps; startTls() is for transport imap with
// startTls set. Settles settings.compress as far as the connection tells. Throws Failure: unavailable if the
// server cannot be reached, config for bad settings. `passed` is told of addresses and connection.
Opened openEndpoint(settings::Net& settings, std::unique_ptr<TlsContext> tls, const Passed& passed = {});

}  // namespace interimap
