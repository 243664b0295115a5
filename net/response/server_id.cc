// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/response/server_id.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <algorithm>
#include <memory>

#include "ipc/failure.h"

namespace interimap {

namespace {

struct Free {
  void operator()(EVP_MD* md) const { EVP_MD_free(md); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

}  // namespace

// Looking the algorithm up takes longer than using it.
ServerId serverId(std::string_view text) {
  static const std::unique_ptr<EVP_MD, Free> kSha256(EVP_MD_fetch(nullptr, "SHA256", nullptr));
  static const std::unique_ptr<EVP_MD_CTX, Free> kContext(EVP_MD_CTX_new());
  unsigned char digest[SHA256_DIGEST_LENGTH];
  if (!kSha256 || !kContext || EVP_DigestInit_ex2(kContext.get(), kSha256.get(), nullptr) != 1 ||
      EVP_DigestUpdate(kContext.get(), text.data(), text.size()) != 1 ||
      EVP_DigestFinal_ex(kContext.get(), digest, nullptr) != 1)
    throw Failure(ExitStatus::internal, "OpenSSL has no SHA-256");
  ServerId id;
  std::copy_n(digest, id.size(), id.begin());
  return id;
}

}  // namespace interimap
