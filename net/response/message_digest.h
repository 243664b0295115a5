// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The digest of a whole message (ipc/identity.h): where the header does not tell whether two are the same.
#pragma once

#include <openssl/evp.h>

#include <memory>
#include <string_view>

#include "ipc/identity.h"

namespace interimap {

// Fed with the octets of a message in pieces of any size. One object serves message after message. OpenSSL
// has to be initialised.
class MessageDigest {
 public:
  void reset();
  void add(std::string_view octets);
  // Of what was added since reset(). To be called once.
  ContentDigest digest();

 private:
  struct Free {
    void operator()(EVP_MD* md) const { EVP_MD_free(md); }
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };

  void load();

  std::unique_ptr<EVP_MD, Free> sha256_;
  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

}  // namespace interimap
