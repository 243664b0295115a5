// The keys for TLS, SSL_…: of an IMAP account, and with a prefix of the server that mail is delivered to.
#pragma once

#include <span>
#include <string>

#include "ipc/launch.h"
#include "launch/key.h"

namespace interimap {

extern const std::span<const Key> kTlsKeys;

// Throws Failure(config) for a protocol version that is none.
settings::Tls readTls(const Keys& keys, const std::string& prefix);

}  // namespace interimap
