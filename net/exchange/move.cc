// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/exchange/move.h"

#include "net/exchange/gone.h"
#include "net/wire/limits.h"

namespace interimap {

std::vector<Command> Move::commands(const ExtensionSet&) {
  std::vector<Command> commands;
  for (const UidSet& piece : request_.uids.pieces(limits::kLongestSet))
    commands.push_back(std::move(Command("UID MOVE").set(piece).astring(request_.to.bytes)));
  return commands;
}

// Where they are now ([COPYUID]) concerns nobody: there they are somebody else's.
bool Move::take(Untagged& untagged, Answers& answers) { return takeGone(untagged, request_.uids, answers); }

}  // namespace interimap
