// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Access tokens, as somebody who is trusted would issue them, and the Dovecot 2.3 that takes them.
#pragma once

#include <string>

#include "tests/e2e/directory.h"

namespace interimap::bed {

class TokenIssuer {
 public:
  // What Dovecot is to read of it goes into `directory`.
  explicit TokenIssuer(const fs::path& directory);

  // Part of a configuration: by OAUTHBEARER and XOAUTH2 whoever has a token of ours is let in.
  std::string passdb() const;
  // A JWT (RFC 7519) for `user`, good for that many seconds from now on.
  std::string token(const std::string& user, long validFor) const;

 private:
  fs::path directory_;
};

// RFC 4648 section 4.
std::string base64(const std::string& octets);

}  // namespace interimap::bed
