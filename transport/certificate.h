// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Who the server has to be: chain (RFC 5280), name (RFC 6125) and pins, each independent of the others.
#pragma once

#include <openssl/ssl.h>

#include <string>
#include <vector>

#include "ipc/checked.h"
#include "ipc/launch.h"
#include "transport/fingerprint.h"
#include "transport/log.h"
#include "transport/trust.h"

namespace interimap {

struct Requirements {
  // Throws Failure(config). Reads the trusted certificates if SSL_verify asks for them.
  Requirements(const settings::Tls& settings, const std::string& host, const Log& log);

  bool verify;                            // chain and name
  std::string host;                       // without brackets and final dot
  bool hostIsAddress;                     // then an IP address of the certificate has to match, not a name
  std::vector<Fingerprint> fingerprints;  // one of them has to match; none: any key will do
  Trust trust;
};

// The verdict on one handshake's certificate. It lives through SSL_do_handshake().
class Examination {
 public:
  // From now on the handshake on `ssl` fails unless the certificate is as required. A pin that does not match
  // is warned of; at debug level the chain is shown, and the pin of the key that was met.
  // `passed` is told whose certificate was met, whatever becomes of it.
  Examination(SSL* ssl, const Requirements& required, const Log& log, const Passed& passed = kNobody);
  ~Examination();
  Examination(const Examination&) = delete;

  // Why the certificate was refused: "certificate has expired (depth 0, CN=...)". Empty: it was not.
  const std::string& refusal() const { return refusal_; }

  // Whether a certificate was shown and accepted; there are ciphers without one.
  bool passed() const { return passed_; }

  // To be set once on the context of every `ssl`.
  static void install(SSL_CTX* context);

 private:
  static int verify(X509_STORE_CTX* chain, void*);
  bool examine(X509_STORE_CTX* chain);
  bool verifyChain(X509_STORE_CTX* chain);
  bool verifyPin(X509* leaf);
  std::string describe(X509_STORE_CTX* chain) const;

  static const Passed kNobody;
  void tell(X509* leaf) const;

  SSL* ssl_;
  const Requirements& required_;
  const Log& log_;
  const Passed& passedOn_;
  std::string refusal_;
  bool passed_ = false;
};

}  // namespace interimap
