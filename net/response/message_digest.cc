// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/response/message_digest.h"

#include <algorithm>
#include <array>

#include "ipc/failure.h"

namespace interimap {

void MessageDigest::load() {
  sha256_.reset(EVP_MD_fetch(nullptr, "SHA256", nullptr));
  context_.reset(EVP_MD_CTX_new());
  if (!sha256_ || !context_) throw Failure(ExitStatus::internal, "OpenSSL has no SHA-256");
}

void MessageDigest::reset() {
  if (!sha256_) load();
  EVP_DigestInit_ex2(context_.get(), sha256_.get(), nullptr);
}

void MessageDigest::add(std::string_view octets) {
  if (!sha256_) reset();
  while (!octets.empty()) {
    auto cr = std::min(octets.find('\r'), octets.size());
    EVP_DigestUpdate(context_.get(), octets.data(), cr);
    octets.remove_prefix(std::min(cr + 1, octets.size()));
  }
}

ContentDigest MessageDigest::digest() {
  if (!sha256_) reset();
  std::array<unsigned char, EVP_MAX_MD_SIZE> full;
  if (EVP_DigestFinal_ex(context_.get(), full.data(), nullptr) != 1)
    throw Failure(ExitStatus::internal, "SHA-256 failed");
  ContentDigest digest;
  std::copy_n(full.begin(), digest.size(), digest.begin());
  return digest;
}

}  // namespace interimap
