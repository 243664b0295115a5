// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/response/status_data.h"

#include "ipc/ascii.h"
#include "net/wire/limits.h"

namespace interimap {

namespace {

bool readItem(Tokens& in, answer::StatusEntry& entry) {
  auto name = in.atom();
  if (name.empty() || !in.space()) return false;
  auto is = [&](std::string_view item) { return equalIgnoringCase(name, item); };
  if (is("APPENDLIMIT")) {  // number / nil   ; RFC 7889 section 5
    entry.appendLimit = in.number();
    return entry.appendLimit || in.word("NIL");  // there is none
  }
  if (!is("MESSAGES") && !is("UIDNEXT") && !is("UIDVALIDITY") && !is("HIGHESTMODSEQ")) return in.skipValue();
  auto n = in.number();
  if (!n) return false;
  if (is("HIGHESTMODSEQ")) {
    entry.highestModSeq = ModSeq{*n};
  } else if (is("UIDNEXT")) {
    if (*n > std::uint64_t{1} << 32) return false;
    entry.uidNext = UidNext{*n};
  } else {
    if (*n > 0xffffffffU) return false;
    if (is("MESSAGES")) entry.messages = static_cast<std::uint32_t>(*n);
    if (is("UIDVALIDITY")) entry.uidValidity = UidValidity{static_cast<std::uint32_t>(*n)};
  }
  return true;
}

}  // namespace

std::optional<StatusData> StatusData::parse(Tokens& in) {
  auto name = in.astring();
  if (!name || name->empty() || name->size() > limits::kLongestName || !in.space() || !in.take('('))
    return std::nullopt;
  StatusData status;
  status.entry.mailbox.bytes = std::move(*name);
  while (!in.take(')')) {
    if (in.space()) continue;
    if (!readItem(in, status.entry)) return std::nullopt;
  }
  return status;
}

}  // namespace interimap
