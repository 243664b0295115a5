// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// TLS over any Stream, as a client (RFC 8446, RFC 5246).
#pragma once

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

#include "ipc/checked.h"
#include "ipc/launch.h"
#include "ipc/secret.h"
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
  // `passphrase` is that of the key that goes with our certificate, if it has one.
  TlsContext(const settings::Tls& settings, const std::string& host, Log log, Passed passed = {},
             const Secret& passphrase = {});

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
  void loadCertificate(const settings::Tls& settings, const Secret& passphrase);

  Log log_;
  Passed passed_;
  std::unique_ptr<SSL_CTX, Free> context_;
  Requirements required_;
  std::string sni_;  // empty: none
  // To show who we are. Of the session, not of the context: so they are gone when the handshake is over.
  struct FreeChain {
    void operator()(STACK_OF(X509) * chain) const { sk_X509_pop_free(chain, X509_free); }
  };
  struct FreeKey {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  };
  std::unique_ptr<STACK_OF(X509), FreeChain> certificate_;  // with its issuers
  std::unique_ptr<EVP_PKEY, FreeKey> key_;
};

}  // namespace interimap
