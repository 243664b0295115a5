// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/response/message_digest.h"

#include <algorithm>
#include <array>

#include "ipc/failure.h"
#include "net/response/copy_mark.h"

namespace interimap {

void MessageDigest::load() {
  sha256_ = sha256::algorithm();
  context_ = sha256::context();
}

void MessageDigest::reset() {
  if (!sha256_) load();
  EVP_DigestInit_ex2(context_.get(), sha256_.get(), nullptr);
  line_.clear();
  at_ = At::line;
}

void MessageDigest::add(std::string_view octets) {
  if (!sha256_) reset();
  while (at_ != At::body && !octets.empty()) {
    auto end = octets.find('\n');
    auto piece = octets.substr(0, end == octets.npos ? end : end + 1);
    octets.remove_prefix(piece.size());
    line_ += piece;
    if (end != octets.npos || line_.size() > kLongestCopyMark) endPiece(end != octets.npos);
  }
  update(octets);
}

void MessageDigest::endPiece(bool isWholeLine) {
  bool isFromStart = at_ == At::line;
  if (!isFromStart || !isCopyMark(line_)) update(line_);
  bool isEmpty = line_ == "\n" || line_ == "\r\n";
  at_ = !isWholeLine ? At::longLine : isFromStart && isEmpty ? At::body : At::line;
  line_.clear();
}

void MessageDigest::update(std::string_view octets) {
  while (!octets.empty()) {
    auto cr = std::min(octets.find('\r'), octets.size());
    EVP_DigestUpdate(context_.get(), octets.data(), cr);
    octets.remove_prefix(std::min(cr + 1, octets.size()));
  }
}

ContentDigest MessageDigest::digest() {
  if (!sha256_) reset();
  if (at_ != At::body) endPiece(true);
  std::array<unsigned char, EVP_MAX_MD_SIZE> full;
  if (EVP_DigestFinal_ex(context_.get(), full.data(), nullptr) != 1)
    throw Failure(ExitStatus::internal, "SHA-256 failed");
  ContentDigest digest;
  std::copy_n(full.begin(), digest.size(), digest.begin());
  return digest;
}

}  // namespace interimap
