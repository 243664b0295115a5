// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/response/envelope.h"

#include <optional>
#include <string>

namespace interimap {

namespace {

bool skipValues(Tokens& in, int count) {
  for (; count > 0; --count) {
    if (!in.skipValue()) return false;
    in.space();
  }
  return true;
}

// Nothing for NIL, too.
std::optional<std::string> nstring(Tokens& in) {
  if (in.word("NIL")) return std::nullopt;
  return in.string();
}

// address = "(" addr-name SP addr-adl SP addr-mailbox SP addr-host ")"
// NIL as the host begins a group, NIL as the mailbox ends one.
ReversePath readAddress(Tokens& in) {
  constexpr int kBeforeMailbox = 2;
  if (!in.take('(') || !skipValues(in, kBeforeMailbox)) return {};
  auto mailbox = nstring(in);
  if (!mailbox || !in.space()) return {};
  auto host = nstring(in);
  return host ? ReversePath::ofSender(*mailbox, *host) : ReversePath();
}

// env-from, env-sender = "(" 1*address ")" / nil
// Servers should say From again where there is no Sender, and write nil where there is neither (RFC 3501
// section 7.4.2). Some leave Sender empty instead, as nil or, against the grammar, as "()".
ReversePath readSender(Tokens& in) {
  constexpr int kBeforeFrom = 2;
  if (!in.take('(') || !skipValues(in, kBeforeFrom)) return {};
  Tokens from = in;
  if (!skipValues(in, 1)) return {};
  bool absent = in.word("NIL");
  if (!absent) {
    if (!in.take('(')) return {};
    absent = in.take(')');
  }
  if (!absent) return readAddress(in);
  return from.take('(') ? readAddress(from) : ReversePath();
}

}  // namespace

Envelope Envelope::parse(Tokens& in) {
  Tokens sender = in, end = in;
  bool closed = end.skipValue();
  in.skipToStreamed();
  // What swallows the body was not closed where it should have been.
  if (closed && end.rest().size() >= in.rest().size()) in = end;
  return {readSender(sender)};
}

}  // namespace interimap
