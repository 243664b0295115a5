// From an account's settings to a connection, over the network or through a tunnel.
#pragma once

#include "ipc/launch.h"
#include "transport/endpoint.h"
#include "transport/log.h"

namespace interimap {

// Opens everything that will be needed: descriptors, certificates, OpenSSL itself. Reads nothing from the
// network but DNS; greet() talks to the proxy if there is one, and shakes hands if the transport is imaps;
// startTls() is for transport imap with startTls set. Throws Failure: unavailable if the server cannot be
// reached, config for bad settings.
Endpoint openEndpoint(const settings::Net& settings, Log log);

}  // namespace interimap
