// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/response/list_response.h"

#include <iterator>

#include "ipc/ascii.h"
#include "net/wire/limits.h"

namespace interimap {

namespace {

// mbox-list-extended = "(" [mbox-list-extended-item *(SP mbox-list-extended-item)] ")"   ; RFC 5258 section 6
// Whatever else it is, it is not worth the loss of the mailbox's name before it.
bool hasOldName(Tokens in) {
  if (!in.space() || !in.take('(')) return false;
  do {
    auto tag = in.astring();
    if (!tag) return false;
    if (equalIgnoringCase(*tag, "OLDNAME")) return true;
  } while (in.space() && in.skipValue() && in.space());
  return false;
}

}  // namespace

std::optional<ListResponse> ListResponse::parse(Tokens& in) {
  ListResponse list;
  if (!in.take('(')) return std::nullopt;
  while (!in.take(')')) {
    if (in.space()) continue;
    auto attribute = in.atom();
    if (attribute.empty()) return std::nullopt;
    list.entry.nonExistent |= equalIgnoringCase(attribute, "\\NonExistent");
    list.entry.noSelect |= equalIgnoringCase(attribute, "\\NoSelect");
    list.entry.subscribed |= equalIgnoringCase(attribute, "\\Subscribed");
    for (std::size_t i = 0; i < std::size(kSpecialUses); ++i)
      if (equalIgnoringCase(attribute, kSpecialUses[i])) list.entry.uses |= static_cast<std::uint8_t>(1U << i);
  }
  if (!in.space()) return std::nullopt;
  if (!in.word("NIL")) {
    auto delimiter = in.string();
    if (!delimiter || delimiter->size() > 1) return std::nullopt;
    if (!delimiter->empty()) list.entry.delimiter = delimiter->front();
    // QUOTED-CHAR is 7-bit, and char has no sign on some processors.
    if (static_cast<unsigned char>(list.entry.delimiter.value_or(0)) > 0x7f) return std::nullopt;
  }
  if (!in.space()) return std::nullopt;
  auto name = in.astring();
  // Empty is the answer to LIST "" "" (RFC 3501 section 6.3.8).
  if (!name || name->size() > limits::kLongestName) return std::nullopt;
  list.renamed = hasOldName(in);
  if (!in.atEnd() && !in.space()) return std::nullopt;
  list.entry.mailbox.bytes = std::move(*name);
  return list;
}

}  // namespace interimap
