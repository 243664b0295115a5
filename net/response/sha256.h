// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// SHA-256 as OpenSSL has it: the algorithm, which is looked up once, as that takes as long as hashing a few
// headers; and what one hash is made in.
#pragma once

#include <openssl/evp.h>

#include <memory>

#include "ipc/failure.h"

namespace interimap::sha256 {

struct Free {
  void operator()(EVP_MD* md) const { EVP_MD_free(md); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Algorithm = std::unique_ptr<EVP_MD, Free>;
using Context = std::unique_ptr<EVP_MD_CTX, Free>;

// OpenSSL has to be initialised. Throw Failure(internal).
inline Algorithm algorithm() {
  Algorithm algorithm(EVP_MD_fetch(nullptr, "SHA256", nullptr));
  if (!algorithm) throw Failure(ExitStatus::internal, "OpenSSL has no SHA-256");
  return algorithm;
}
inline Context context() {
  Context context(EVP_MD_CTX_new());
  if (!context) throw Failure(ExitStatus::internal, "OpenSSL has no SHA-256");
  return context;
}

}  // namespace interimap::sha256
