// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What tells a message from others on any server, without its body: used to recognise our own copies after a
// kill, and the same mail on both sides after UIDs lost their meaning.
#pragma once

#include <array>
#include <compare>
#include <cstdint>

namespace interimap {

// The first 16 bytes of a SHA-256, made by net: over the value of Message-ID (blanks removed) where the
// header has one, else over the whole header with every CR removed. Servers alter neither when they store a
// message; the lines that mbsync and OfflineIMAP add to their copies, X-TUID and X-OfflineIMAP, are left out.
using HeaderDigest = std::array<std::uint8_t, 16>;

// Likewise, over all octets of a message but CR and those lines. Two messages are the same only if this is:
// all else only finds those that may be.
using ContentDigest = std::array<std::uint8_t, 16>;

// What a server calls a message, whichever of its mailboxes it is in, and wherever it is moved or copied to:
// EMAILID (OBJECTID, RFC 8474), X-GM-MSGID (Gmail) or X-GUID (Dovecot). The first 12 bytes of a SHA-256 over
// that. Of another server's it says nothing.
using ServerId = std::array<std::uint8_t, 12>;

struct Identity {
  HeaderDigest header{};
  std::int64_t date = 0;   // INTERNALDATE, seconds since 1970
  std::uint64_t size = 0;  // RFC822.SIZE, octets; may differ between servers that normalise line ends
  auto operator<=>(const Identity&) const = default;
};

}  // namespace interimap
