// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The heart: what two servers say about a mailbox since they last agreed, and what is to be done about it. A
// pure function. No server, no database, no clock; the plan is data.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "ipc/flags.h"
#include "ipc/imap.h"
#include "ipc/side.h"
#include "ipc/uid_set.h"
#include "sync/mailboxes/access.h"

namespace interimap {

// A mapped message that at least one side spoke of.
struct Touched {
  Uid local, remote;
  std::optional<Flags> base;       // when both sides last agreed; none: not known
  Both<std::optional<Flags>> now;  // what that side says; none: it said nothing, so as in base
  Both<bool> gone;                 // confirmed: expunged there
};

struct FlagUpdate {
  UidSet uids;
  Flags flags;
  bool operator==(const FlagUpdate&) const = default;
};

struct Plan {
  struct OnOneSide {
    std::vector<FlagUpdate> add, remove;  // STORE +FLAGS, -FLAGS; by flags
    UidSet expunge;
    std::vector<FlagUpdate> withheld;  // flags that ought to change and that this side cannot store
  };
  Both<OnOneSide> todo;
  // A pair that will be as equal as it gets once `add` and `remove` are done on each side. `base` is what it
  // has then; of a flag that one side cannot store, what that side has: a base never claims that a flag was
  // where it was not, or its absence would be taken for its removal.
  struct Agreed {
    Uid local, remote;
    Flags base;
    Both<Flags> add, remove;
  };
  std::vector<Agreed> agreed;
  std::vector<Uid> forget;  // local UIDs of pairs that are gone on both sides

  // Without a base a flag that only one side has may be new there, or removed on the other. It is kept.
  struct Conflict {
    Uid local, remote;
    Flags here, there, both;
  };
  std::vector<Conflict> conflicts;

  bool writes(Side side) const {
    return !todo[side].add.empty() || !todo[side].remove.empty() || !todo[side].expunge.empty();
  }
};

Plan reconcile(const std::vector<Touched>& touched, const Both<Access>& access);

}  // namespace interimap
