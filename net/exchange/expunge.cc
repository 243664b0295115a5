// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/exchange/expunge.h"

#include "net/wire/limits.h"

namespace interimap {

// In one flight if it is one set: if STORE is refused, EXPUNGE finds nothing that is \Deleted, or what
// somebody else has marked.
std::vector<Command> Expunge::commands(const Capabilities&) {
  std::vector<UidSet> pieces = request_.uids.pieces(limits::kLongestSet);
  std::vector<Command> commands;
  for (const UidSet& piece : pieces)
    commands.push_back(std::move(Command("UID STORE").set(piece).add(" +FLAGS.SILENT (\\Deleted)")));
  for (const UidSet& piece : pieces) commands.push_back(std::move(Command("UID EXPUNGE").set(piece)));
  if (quirkStoreThenExpunge_ && !commands.empty()) commands.front().afterOthers();
  if (pieces.size() > 1) commands[pieces.size()].afterOthers();  // the same quirk
  return commands;
}

// Other messages that vanish meanwhile are the next Select's business.
bool Expunge::take(Untagged& untagged, Answers& answers) {
  // Without QRESYNC the server names message numbers, which nobody here keeps: that the command is OK has to
  // do.
  if (std::holds_alternative<Expunged>(untagged)) return true;
  auto* vanished = std::get_if<Vanished>(&untagged);
  if (vanished == nullptr || vanished->earlier) return false;
  UidSet ours = vanished->uids.intersect(request_.uids);
  for (UidSet& piece : ours.piecesOfRanges(kMostRanges)) answers.send(answer::Vanished{std::move(piece)});
  return true;
}

}  // namespace interimap
