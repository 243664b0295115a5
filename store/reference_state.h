// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The state file of the reference's pullimap: big-endian integers of 32 bits. UIDVALIDITY, UIDNEXT, then the
// UIDs that were delivered and are not below UIDNEXT.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "ipc/uid.h"
#include "ipc/uid_set.h"

namespace interimap::store {

struct ReferenceState {
  static constexpr std::size_t kMostOctets = std::size_t{64} << 20;

  UidValidity uidValidity;
  UidNext uidNext{1};
  UidSet delivered;

  // Nothing if it is corrupt: of odd length, too long, or with a zero where a UID or UIDNEXT should be. Four
  // octets are the UIDVALIDITY alone; no octets are no state at all, which is not for this function.
  static std::optional<ReferenceState> parse(std::string_view octets);
  std::string octets() const;
  bool operator==(const ReferenceState&) const = default;
};

}  // namespace interimap::store
