// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The digest of a whole message (ipc/identity.h), which tells whether two are the same.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ipc/identity.h"
#include "net/response/sha256.h"

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
  // Within the header, in a line that may be a mark; in the rest of one that is too long for that; behind it.
  enum class At : std::uint8_t { line, longLine, body };

  void load();
  void endPiece(bool isWholeLine);
  void update(std::string_view octets);

  sha256::Algorithm sha256_;
  sha256::Context context_;
  std::string line_;  // of the header, as far as it has come
  At at_ = At::line;
};

}  // namespace interimap
