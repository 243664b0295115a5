// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/response/message_header.h"

#include "tests/fuzz/target.h"

using namespace interimap;

namespace {

HeaderDigest digest(std::string_view octets, std::size_t step) {
  static MessageHeader header;
  header.reset();
  fuzz::inPieces(octets, step, [&](std::string_view piece) { header.add(piece); });
  return header.digest();
}

}  // namespace

FUZZ(message_header) {
  HeaderDigest whole = digest(octets, octets.size());
  fuzz::require(whole == digest(octets, 1) && whole == digest(octets, 7),
                "however it arrives, a header has one digest");
}
