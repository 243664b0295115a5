// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "delivery/reply.h"

#include "delivery/extensions.h"
#include "ipc/delivery.h"
#include "ipc/failure.h"
#include "tests/fuzz/target.h"

using namespace interimap;
using fuzz::require;

namespace {

std::string account(std::string_view octets, std::size_t step) {
  ReplyParser parser;
  std::string text;
  try {
    fuzz::inPieces(octets, step, [&](std::string_view piece) {
      while (!piece.empty()) {
        piece.remove_prefix(parser.feed(piece));
        auto reply = parser.next();
        if (!reply) continue;
        require(reply->code >= 200 && reply->code <= 599 && !reply->lines.empty(), "a reply is one");
        require(reply->text().size() <= kMostReplyText, "the text fits in an answer");
        text += reply->withCode() + (reply->status() ? "!" : "") + "\n";
        Extensions::parse(*reply);
      }
    });
    return text;
  } catch (const Failure& failure) {
    return text + failure.what();
  }
}

}  // namespace

FUZZ(smtp_replies) {
  require(account(octets, octets.size()) == account(octets, 1), "however they arrive, octets mean the same");
}
