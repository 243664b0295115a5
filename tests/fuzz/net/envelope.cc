// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/response/envelope.h"

#include "ipc/failure.h"
#include "tests/fuzz/target.h"

using namespace interimap;
using fuzz::require;

namespace {

struct NoBodies final : LiteralSink {
  void begin(Kind, std::uint64_t, std::string_view) override {}
  void octets(std::string_view) override {}
};

}  // namespace

// The value of an ENVELOPE item, as the lexer hands it on: with literals.
FUZZ(envelope) {
  NoBodies sink;
  Lexer lexer(sink);
  try {
    if (!lexer.next(octets)) return;
  } catch (const Failure&) {
    return;
  }
  Tokens in(lexer.response());
  Envelope envelope = Envelope::parse(in);
  require(envelope.sender.null() || ReversePath::parse(envelope.sender.text()) == envelope.sender,
          "a sender is a path");
}
