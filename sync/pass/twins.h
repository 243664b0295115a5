// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Messages that both servers have already though nobody remembers that one is the other: before a mailbox was
// synchronised for the first time, after what was known of it was lost, or its UIDs lost their meaning. Pure
// functions.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "ipc/identity.h"
#include "ipc/uid_set.h"
#include "sync/pass/reconcile.h"

namespace interimap {

struct Lookalike {
  Uid uid;
  std::uint32_t flags;  // as the caller numbers them: there may be a million, and most have the same
  Identity identity;
};

struct Twins {
  Uid local, remote;
  Both<std::uint32_t> flags;
  bool alone;  // no other message on either side is the same
};

// Takes out those that are beyond doubt: header, INTERNALDATE and size are equal, and no other message on
// either side has the same three.
std::vector<Twins> takeUnmistakable(Both<std::vector<Lookalike>>& left);

// Of what is left, the messages whose header is to be found on the other side as well: only their bodies
// tell. Several look the same; or servers do not agree on the size of a message, or on when it came.
Both<UidSet> doubtful(Both<std::vector<Lookalike>>& left);

// Takes out those whose header and content are equal. Of several the first is paired with the first, in the
// order of their UIDs, but before all others those with the same INTERNALDATE. Whose content is not known is
// left.
std::vector<Twins> takeEqual(Both<std::vector<Lookalike>>& left,
                             const Both<std::map<Uid, ContentDigest>>& contents);

// Whether a mailbox of which so many messages were known, and so many of those were found again, is still the
// one that it was: 99 of 100.
bool isStillTheSame(std::uint64_t known, std::uint64_t found);

}  // namespace interimap
