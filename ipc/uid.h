// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The numbers IMAP gives to messages and mailboxes, each a type of its own (RFC 3501 section 2.3.1, RFC
// 7162).
#pragma once

#include <compare>
#include <cstdint>
#include <optional>

namespace interimap {

// A message's unique identifier: 1 … 2^32-1. Never a message number.
class Uid {
 public:
  static constexpr std::optional<Uid> of(std::uint64_t n) {
    if (n == 0 || n > 0xffffffffU) return std::nullopt;
    return Uid(static_cast<std::uint32_t>(n));
  }
  constexpr std::uint32_t value() const { return value_; }
  constexpr auto operator<=>(const Uid&) const = default;

 private:
  constexpr explicit Uid(std::uint32_t n) : value_(n) {}
  friend class UidSet;
  std::uint32_t value_;
};

// UIDVALIDITY of a mailbox: as long as it stays, a UID means the same message. 0 is "not known".
struct UidValidity {
  std::uint32_t value = 0;
  constexpr auto operator<=>(const UidValidity&) const = default;
};

// UIDNEXT: above every UID that was ever given out. Up to 2^32, hence 64 bits. 0 is "never completed" in the
// database and "not known" from a server.
struct UidNext {
  std::uint64_t value = 0;
  constexpr auto operator<=>(const UidNext&) const = default;
};

// A mod-sequence or HIGHESTMODSEQ (RFC 7162 section 3.1): the full unsigned 64 bit. 0 is "none".
struct ModSeq {
  std::uint64_t value = 0;
  constexpr auto operator<=>(const ModSeq&) const = default;
};

}  // namespace interimap
