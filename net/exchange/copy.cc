// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/exchange/copy.h"

#include "net/wire/limits.h"

namespace interimap {

std::vector<Command> Copy::commands(const ExtensionSet&) {
  for (Uid uid : request_.uids.each()) at_.emplace(uid, at_.size());
  copied_.uids.resize(at_.size());
  copied_.stored.resize(at_.size());
  pieces_ = request_.uids.pieces(limits::kLongestSet);
  std::vector<Command> commands;
  for (const UidSet& piece : pieces_)
    commands.push_back(std::move(Command("UID COPY").set(piece).astring(request_.to.bytes)));
  return commands;
}

// A COPYUID that names what was not asked for, or not as many copies as messages, tells nothing. Nor does
// none at all: perhaps nothing was copied, perhaps the server does not say.
void Copy::completed(std::size_t index, const StatusResponse& status) {
  Exchange::completed(index, status);
  if (status.condition != Condition::ok) {
    copied_.refusal = status.what.text.substr(0, kMostText);
    return;
  }
  const UidSet& piece = pieces_[index];
  auto told = CopyUid::parse(status.what, piece.size());
  for (std::size_t i = 0; told && i < told->from.size(); ++i)
    if (!piece.contains(told->from[i])) told.reset();
  if (told && copied_.uidValidity.value != 0 && copied_.uidValidity != told->uidValidity) told.reset();
  if (!told) {
    for (Uid uid : piece.each()) copied_.stored[at_[uid]] = true;
    return;
  }
  copied_.uidValidity = told->uidValidity;
  for (std::size_t i = 0; i < told->from.size(); ++i) {
    const std::size_t at = at_[told->from[i]];
    copied_.stored[at] = true;
    copied_.uids[at] = told->to[i];
  }
}

void Copy::finish(Answers& answers) { answers.send(std::move(copied_)); }

}  // namespace interimap
