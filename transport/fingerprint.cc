// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "transport/fingerprint.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <cctype>
#include <vector>

#include "ipc/failure.h"

namespace interimap {

namespace {

constexpr std::string_view kDefaultAlgorithm = "sha256";

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

bool all(std::string_view text, int (*is)(int)) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [is](unsigned char c) { return is(c) != 0; });
}

std::string digestOfKey(X509* certificate, const EVP_MD* digest) {
  unsigned char* der = nullptr;
  int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  if (size <= 0) return {};
  unsigned char octets[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  int ok = EVP_Digest(der, static_cast<std::size_t>(size), octets, &length, digest, nullptr);
  OPENSSL_free(der);
  if (ok != 1) return {};
  std::string hex;
  for (unsigned i = 0; i < length; ++i)
    for (int nibble : {octets[i] >> 4, octets[i] & 15}) hex += "0123456789abcdef"[nibble];
  return hex;
}

}  // namespace

Fingerprint::Fingerprint(std::string_view text) {
  std::size_t dollar = text.find('$');
  bool named = dollar != std::string_view::npos;
  algorithm_ = lower(named ? text.substr(0, dollar) : kDefaultAlgorithm);
  hex_ = lower(named ? text.substr(dollar + 1) : text);
  if (!all(algorithm_, isalnum) || !all(hex_, isxdigit))
    throw Failure(ExitStatus::config, "Invalid SSL_fingerprint " + std::string(text));
  digest_ = std::shared_ptr<EVP_MD>(EVP_MD_fetch(nullptr, algorithm_.c_str(), nullptr), EVP_MD_free);
  if (!digest_) throw Failure(ExitStatus::config, "Can't find MD value for name '" + algorithm_ + "'");
}

bool Fingerprint::matches(X509* certificate) const {
  return digestOfKey(certificate, digest_.get()) == hex_;  // a key that has no digest is "", hex_ never is
}

std::string Fingerprint::of(X509* certificate) {
  return std::string(kDefaultAlgorithm) + '$' + digestOfKey(certificate, EVP_sha256());
}

}  // namespace interimap
