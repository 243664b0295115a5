// The heart: what two servers say about a mailbox since they last agreed, and what is to be done about it. A
// pure function. No server, no database, no clock; the plan is data.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "ipc/flags.h"
#include "ipc/imap.h"
#include "ipc/launch.h"
#include "ipc/uid_set.h"

namespace interimap {

// A value for each side.
template <typename T>
struct Both {
  T local{}, remote{};
  T& operator[](Side side) { return side == Side::local ? local : remote; }
  const T& operator[](Side side) const { return side == Side::local ? local : remote; }
};

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
  };
  Both<OnOneSide> todo;
  // A pair that will be equal once `add` and `remove` are done on each side: `base` is what it has then, but
  // for flags that a side cannot store.
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

Plan reconcile(const std::vector<Touched>& touched, const Both<StorableFlags>& storable);

}  // namespace interimap
