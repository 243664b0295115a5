// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Which certificate authorities are trusted: SSL_CAfile, SSL_CApath, or the system's.
#pragma once

#include <openssl/x509.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "transport/log.h"

namespace interimap {

// Certificates in memory, unparsed: decoding a system's 150 of them takes OpenSSL 20 to 40 ms, a handshake
// needs one or two. OpenSSL by itself would look for them in files at that time, which is after lock-in.
class Trust {
 public:
  Trust() = default;  // nobody
  // Reads them. Both empty: SSL_CERT_FILE and SSL_CERT_DIR of the environment, or OpenSSL's own. Of a
  // directory the files that `openssl rehash` names. Throws Failure(config) naming a file of the settings
  // that cannot be read, and why.
  Trust(const std::string& file, const std::string& directory, const Log& log);

  // Puts into `store` whoever could have issued one of these certificates, or is one of them, and their
  // issuers in turn. Opens nothing.
  void offer(X509_STORE* store, STACK_OF(X509) * chain) const;

  std::size_t size() const { return certificates_; }

 private:
  struct Encoded {
    std::string der;
    bool auxiliary = false;  // TRUSTED CERTIFICATE: settings of OpenSSL's behind it
    bool operator<(const Encoded& other) const { return der < other.der; }
  };
  using Hash = unsigned long;  // X509_NAME_hash_ex of the subject

  void readFile(const std::string& path);
  std::size_t readDirectory(const std::string& path);  // how many files
  void readSystem(const Log& log);

  std::map<Hash, std::set<Encoded>> bySubject_;
  std::size_t certificates_ = 0;
};

}  // namespace interimap
