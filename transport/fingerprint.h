// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// SSL_fingerprint: a pin of the server's public key.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <string_view>

namespace interimap {

// fingerprint = [ALGO "$"] HEX      ; ALGO: an OpenSSL digest, sha256 if absent
// The digest of the DER encoding of a certificate's SubjectPublicKeyInfo (RFC 5280 section 4.1), so that it
// outlives renewals with the same key.
class Fingerprint {
 public:
  // Throws Failure(config) for anything else. Before lock-in: OpenSSL may look for the digest in files.
  explicit Fingerprint(std::string_view text);
  bool matches(X509* certificate) const;
  std::string text() const { return algorithm_ + '$' + hex_; }

  // What to put into SSL_fingerprint to pin this certificate's key: "sha256$HEX".
  static std::string of(X509* certificate);

 private:
  std::string algorithm_, hex_;  // lower case
  std::shared_ptr<EVP_MD> digest_;
};

}  // namespace interimap
