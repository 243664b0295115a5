// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/response/server_id.h"

#include <openssl/sha.h>

#include <algorithm>

#include "net/response/sha256.h"

namespace interimap {

ServerId serverId(std::string_view text) {
  static const sha256::Algorithm kSha256 = sha256::algorithm();
  static const sha256::Context kContext = sha256::context();
  unsigned char digest[SHA256_DIGEST_LENGTH];
  if (EVP_DigestInit_ex2(kContext.get(), kSha256.get(), nullptr) != 1 ||
      EVP_DigestUpdate(kContext.get(), text.data(), text.size()) != 1 ||
      EVP_DigestFinal_ex(kContext.get(), digest, nullptr) != 1)
    throw Failure(ExitStatus::internal, "SHA-256 failed");
  ServerId id;
  std::copy_n(digest, id.size(), id.begin());
  return id;
}

}  // namespace interimap
