// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/response/message_header.h"

#include <algorithm>
#include <array>

#include "ipc/ascii.h"
#include "ipc/failure.h"
#include "net/response/copy_mark.h"

namespace interimap {

namespace {

constexpr std::string_view kMessageId = "MESSAGE-ID";
constexpr std::size_t kDigestAtOnce =
    4096;  // octets: calling OpenSSL for every line costs more than hashing it

bool isBlank(char c) { return c == ' ' || c == '\t'; }

// The digest must not depend on how a server ends lines: CRs are left out wherever they stand.
void appendWithoutCr(std::string& text, std::string_view octets) {
  while (true) {
    auto cr = octets.find('\r');
    text += octets.substr(0, cr);
    if (cr == octets.npos) return;
    octets.remove_prefix(cr + 1);
  }
}

// ... nor on where it folds a field.
void appendWithoutBlanks(std::string& text, std::string_view octets) {
  auto isLeftOut = [](char c) { return isBlank(c) || c == '\r'; };
  for (auto from = octets.begin(); from != octets.end();) {
    auto to = std::find_if(from, octets.end(), isLeftOut);
    text.append(from, to);
    from = std::find_if_not(to, octets.end(), isLeftOut);
  }
}

}  // namespace

void MessageHeader::load() {
  sha256_ = sha256::algorithm();
  whole_ = sha256::context();
  id_ = sha256::context();
}

void MessageHeader::reset() {
  if (!sha256_) load();
  wholeBegun_ = idBegun_ = false;
  wholePending_.clear();
  idPending_.clear();
  lineAt_ = matched_ = lineSize_ = 0;
  at_ = At::name;
  hasId_ = false;
}

void MessageHeader::add(std::string_view octets) {
  if (!sha256_) reset();
  for (std::size_t i = 0; i < octets.size() && at_ != At::done;) {
    if (at_ == At::name || at_ == At::afterValue) {
      step(octets[i++]);
      continue;
    }
    auto end = std::min(octets.find('\n', i), octets.size());
    restOfLine(octets.substr(i, end - i));
    i = end;
    if (i < octets.size()) step(octets[i++]);
  }
}

void MessageHeader::step(char c) {
  if (c == '\r') return;
  if (c == '\n') return endLine();
  if (at_ == At::afterValue) {
    if (!isBlank(c) && hasId_) {
      at_ = At::done;
      return;
    }
    at_ = isBlank(c) ? At::value : At::name;
  }
  wholePending_ += c;
  ++lineSize_;
  if (at_ != At::name) return;
  // field = field-name ":" unstructured; obsolete syntax allows blanks before the colon (RFC 5322
  // section 4.5).
  if (matched_ < kMessageId.size() && asciiUpper(c) == kMessageId[matched_]) {
    ++matched_;
  } else if (matched_ == kMessageId.size() && c == ':') {
    at_ = At::value;
  } else if (matched_ < kMessageId.size() || !isBlank(c)) {
    at_ = At::other;
  }
}

// What stands in it behind what step() was given.
void MessageHeader::restOfLine(std::string_view octets) {
  appendWithoutCr(wholePending_, octets);
  lineSize_ += octets.size();
  if (lineSize_ > kLongestCopyMark) flushWhole();
  if (at_ != At::value) return;
  appendWithoutBlanks(idPending_, octets);
  hasId_ = hasId_ || !idPending_.empty();
  if (idPending_.size() >= kDigestAtOnce) update(id_.get(), idBegun_, idPending_);
}

void MessageHeader::endLine() {
  if (lineSize_ == 0) {
    at_ = At::done;
    return;
  }
  if (lineSize_ <= kLongestCopyMark && isCopyMark(std::string_view(wholePending_).substr(lineAt_)))
    wholePending_.resize(lineAt_);
  else
    wholePending_ += '\n';
  at_ = at_ == At::value ? At::afterValue : At::name;
  flushWhole();
  lineAt_ = wholePending_.size();
  lineSize_ = matched_ = 0;
}

// If it is worth it.
void MessageHeader::flushWhole() {
  if (wholePending_.size() >= kDigestAtOnce) update(whole_.get(), wholeBegun_, wholePending_);
}

// Of the two digests a message needs one: which, turns out late.
void MessageHeader::update(EVP_MD_CTX* context, bool& begun, std::string& pending) {
  if (!begun) EVP_DigestInit_ex2(context, sha256_.get(), nullptr);
  begun = true;
  EVP_DigestUpdate(context, pending.data(), pending.size());
  pending.clear();
}

HeaderDigest MessageHeader::finish(EVP_MD_CTX* context, bool begun, std::string& pending) {
  update(context, begun, pending);
  std::array<unsigned char, EVP_MAX_MD_SIZE> full;
  if (EVP_DigestFinal_ex(context, full.data(), nullptr) != 1)
    throw Failure(ExitStatus::internal, "SHA-256 failed");
  HeaderDigest digest;
  std::copy_n(full.begin(), digest.size(), digest.begin());
  return digest;
}

HeaderDigest MessageHeader::digest() {
  if (!sha256_) reset();
  if (hasId_) return finish(id_.get(), idBegun_, idPending_);
  if (lineSize_ > 0) endLine();  // servers differ on whether a last line is completed
  return finish(whole_.get(), wholeBegun_, wholePending_);
}

}  // namespace interimap
