// Messages that both servers have already though nobody ever copied them: before a mailbox was synchronised
// for the first time, or after what was known of it was forgotten. A pure function.
#pragma once

#include <utility>
#include <vector>

#include "ipc/flags.h"
#include "ipc/identity.h"
#include "ipc/uid.h"

namespace interimap {

struct Lookalike {
  Uid uid;
  Identity identity;
  Flags flags;
};

struct Twins {
  Lookalike local, remote;
};

// Header, INTERNALDATE and size are equal. Of several that look the same the first is paired with the first,
// in the order of their UIDs; each is in one pair at most.
std::vector<Twins> pairTwins(std::vector<Lookalike> local, std::vector<Lookalike> remote);

}  // namespace interimap
