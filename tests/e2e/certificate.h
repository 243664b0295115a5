// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Certificates for servers under test, by the openssl command. P-256, valid for days only.
#pragma once

#include <string>

#include "tests/e2e/directory.h"

namespace interimap::bed {

// In one directory, readable by the mail user:
//   ca.pem                  the authority that signed all others; other_ca.pem signed none
//   srv.pem                 localhost, 127.0.0.1, ::1
//   other.pem, expired.pem  for another name; out of date. All three belong to srv.key.
class Certificates {
 public:
  explicit Certificates(const fs::path& directory);

  fs::path authority() const { return directory_ / "ca.pem"; }
  fs::path otherAuthority() const { return directory_ / "other_ca.pem"; }
  fs::path server() const { return directory_ / "srv.pem"; }
  fs::path otherName() const { return directory_ / "other.pem"; }
  fs::path expired() const { return directory_ / "expired.pem"; }
  fs::path key() const { return directory_ / "srv.key"; }
  // Of srv.key's SubjectPublicKeyInfo, in hexadecimal.
  std::string pin(const std::string& digest = "sha256") const { return pinOf(key(), digest); }
  std::string pinOf(const fs::path& key, const std::string& digest = "sha256") const;

  // One more certificate, of the authority and for srv.key: NAME.pem with this subject, "/CN=x", and these
  // lines of OpenSSL's extension settings.
  fs::path issue(const std::string& name, const std::string& subject, const std::string& extensions) const;
  // The same, signed with srv.key and that certificate of it, instead of by the authority.
  fs::path issueBelow(const fs::path& issuer, const std::string& name, const std::string& subject,
                      const std::string& extensions) const;
  // The same for an RSA key of its own, NAME.key.
  fs::path issueRsa(const std::string& name, const std::string& subject, const std::string& extensions) const;
  // A directory with the authority under the name that OpenSSL looks for.
  fs::path hashedAuthority() const;

 private:
  fs::path directory_;
};

}  // namespace interimap::bed
