// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Messages that both servers have already though nobody remembers that one is the other: before a mailbox was
// synchronised for the first time, after what was known of it was lost, or its UIDs lost their meaning; or
// somebody else put them there, such as another interimap. Pure functions.
#pragma once

#include <cstdint>
#include <vector>

#include "ipc/identity.h"
#include "ipc/uid_set.h"
#include "sync/pass/reconcile.h"

namespace interimap {

struct Lookalike {
  Uid uid;
  std::uint32_t flags;  // as the caller numbers them: there may be a million, and most have the same
  ContentDigest content;
  std::int64_t date;   // INTERNALDATE, seconds since 1970
  std::uint64_t size;  // RFC822.SIZE
};

struct Twins {
  Uid local, remote;
  Both<std::uint32_t> flags;
  bool alone;  // no other message on either side is the same
};

// Takes out those whose content is equal. Of several the first is paired with the first, in the order of
// their UIDs, but before all others those with the same INTERNALDATE and size, then those with the same
// INTERNALDATE.
std::vector<Twins> takeEqual(Both<std::vector<Lookalike>>& left);

// Whether a mailbox of which so many messages were known, and so many of those were found again, is still the
// one that it was: 99 of 100.
bool isStillTheSame(std::uint64_t known, std::uint64_t found);

}  // namespace interimap
