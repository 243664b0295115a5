// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// TLS over any Stream, as a client (RFC 8446, RFC 5246).
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "ipc/checked.h"
#include "ipc/launch.h"
#include "transport/certificate.h"
#include "transport/deadlines.h"
#include "transport/log.h"
#include "transport/stream.h"

namespace interimap {

// What the settings ask of a handshake, with every file read. Made before lock-in, used after it.
class TlsContext {
 public:
  // `host` as in the settings: a name or an address, perhaps in brackets. Throws Failure(config) for settings
  // that cannot be met. Warns of the deprecated ones.
  // `passed` is told of the certificate, before it is judged, and of the session.
  TlsContext(const settings::Tls& settings, const std::string& host, Log log, Passed passed = {});

  // The handshake; on return the server is who it has to be. Waits for the peer with the deadlines of
  // transport/deadlines.h. Throws Failure "Can't initiate TLS/SSL handshake: reason": noPermission if
  // certificate or fingerprint were refused, else unavailable. The stream does not need the context any more.
  std::unique_ptr<Stream> start(std::unique_ptr<Stream> below,
                                std::chrono::milliseconds deadline = kHandshakeDeadline) const;

 private:
  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  void setVersions(const settings::Tls& settings);
  void setCiphers(const settings::Tls& settings);

  Log log_;
  Passed passed_;
  std::unique_ptr<SSL_CTX, Free> context_;
  Requirements required_;
  std::string sni_;  // empty: none
};

}  // namespace interimap
