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
  std::string pin() const;  // sha256 of srv.key's SubjectPublicKeyInfo, in hexadecimal

 private:
  fs::path directory_;
};

}  // namespace interimap::bed
