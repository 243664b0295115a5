// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/exchange/expunge.h"

#include "net/exchange/gone.h"
#include "net/wire/limits.h"

namespace interimap {

std::vector<Command> Expunge::commands(const ExtensionSet& extensions) {
  if (quirkStoreThenExpunge_ && hasMore() && request_.step != Step::mark) return {};
  return more(extensions);
}

// In one flight if it is one set: if STORE is refused, EXPUNGE finds nothing that is \Deleted, or what
// somebody else has marked. Several STOREs would meet the same quirk.
std::vector<Command> Expunge::more(const ExtensionSet&) {
  std::vector<UidSet> pieces = request_.uids.pieces(limits::kLongestSet);
  std::vector<Command> commands;
  bool marks = left_ != Step::remove, removes = !marks || (left_ != Step::mark && pieces.size() <= 1);
  if (marks)
    for (const UidSet& piece : pieces)
      commands.push_back(std::move(Command("UID STORE").set(piece).add(" +FLAGS.SILENT (\\Deleted)")));
  if (removes && request_.step == Step::all)
    commands.emplace_back("EXPUNGE");
  else if (removes)
    for (const UidSet& piece : pieces) commands.push_back(std::move(Command("UID EXPUNGE").set(piece)));
  left_ = left_ != Step::mark && !removes ? std::optional(Step::remove) : std::nullopt;
  return commands;
}

bool Expunge::take(Untagged& untagged, Answers& answers) {
  return takeGone(untagged, request_.uids, answers);
}

}  // namespace interimap
