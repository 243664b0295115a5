// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What identifies a message on any server: the digest of its Message-ID, or of its header (ipc/identity.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ipc/identity.h"
#include "net/response/sha256.h"

namespace interimap {

// Fed with the octets of a message, or of its header alone, in pieces of any size; looks no further than the
// empty line. One object serves message after message without allocating. OpenSSL has to be initialised.
class MessageHeader {
 public:
  void reset();
  void add(std::string_view octets);
  // Of what was added since reset(). To be called once.
  HeaderDigest digest();

 private:
  enum class At : std::uint8_t {
    name,        // in the first characters of a line, which so far spell "Message-ID"
    other,       // in a line that is of no interest
    value,       // in the value of Message-ID
    afterValue,  // at the beginning of the line behind it: folded or not
    done,        // behind the empty line, or with a Message-ID that is complete
  };

  void load();  // the algorithm: most runs need none
  void step(char c);
  void restOfLine(std::string_view octets);
  void endLine();
  void flushWhole();
  void update(EVP_MD_CTX* context, bool& begun, std::string& pending);
  HeaderDigest finish(EVP_MD_CTX* context, bool begun, std::string& pending);

  sha256::Algorithm sha256_;
  sha256::Context whole_, id_;
  std::string wholePending_, idPending_;  // not yet digested
  std::size_t lineAt_ = 0;                // where this line begins in wholePending_, if all of it is there
  std::size_t matched_ = 0;               // characters of "message-id"
  std::size_t lineSize_ = 0;              // octets in this line, CR not counted
  At at_ = At::name;
  bool hasId_ = false, wholeBegun_ = false, idBegun_ = false;
};

}  // namespace interimap
