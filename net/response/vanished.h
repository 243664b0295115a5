// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// VANISHED: the server names UIDs that are no longer in the mailbox (RFC 7162 section 3.2.10).
#pragma once

#include <optional>

#include "ipc/uid_set.h"
#include "net/wire/tokens.h"

namespace interimap {

struct Vanished {
  bool earlier = false;  // answers our SELECT; says nothing about now
  UidSet uids;           // may include UIDs this mailbox never showed us

  // expunged-resp = "VANISHED" [SP "(EARLIER)"] SP known-uids   ; RFC 7162 section 7
  // known-uids is a sequence-set without "*". `in` stands behind "VANISHED ".
  static std::optional<Vanished> parse(Tokens& in);
};

}  // namespace interimap
