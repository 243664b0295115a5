// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A FETCH response: what the server says about one message (RFC 3501 section 7.4.2, RFC 7162 section 3.1.4).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "ipc/flags.h"
#include "ipc/internal_date.h"
#include "ipc/uid.h"
#include "net/response/envelope.h"
#include "net/wire/tokens.h"

namespace interimap {

struct FetchResponse {
  // The value of BODY[] or BODY[HEADER]: its octets went to the LiteralSink, or, if the server did not send a
  // literal, are here. NIL is empty.
  struct Octets {
    bool streamed = false;
    std::uint64_t size = 0;
    std::string inlined;
  };

  std::optional<Uid> uid;  // without it, the response says nothing to us
  ModSeq modSeq;           // 0 if not told
  std::optional<Flags> flags;
  std::string dropped;               // the first of its keywords that cannot be one, and is left out of flags
  std::optional<InternalDate> date;  // none either if it is impossible
  std::optional<std::uint64_t> size;
  std::optional<Envelope> envelope;
  std::optional<Octets> body, header;
  std::string id;  // EMAILID (RFC 8474), X-GM-MSGID or X-GUID, as it stands; empty if not told
  const LiteralSink* sink = nullptr;  // that got the streamed octets; filled in by the session

  // message-data = nz-number SP "FETCH" SP msg-att; `in` stands at msg-att.
  // msg-att = "(" msg-att-item *(SP msg-att-item) ")"; items we did not ask for are skipped, whatever they
  // are. What is wrong behind an ENVELOPE is taken to be its fault, and does not cost the message.
  static std::optional<FetchResponse> parse(Tokens& in);
  // The UID, if it is among the items that stand before the literal which `text`, "* 1 FETCH (…{5}" CRLF,
  // ends in.
  static std::optional<Uid> uidBefore(std::string_view text);
};

}  // namespace interimap
