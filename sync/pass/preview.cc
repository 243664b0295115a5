// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pass/preview.h"

#include <string>

namespace interimap {

void preview(const Work& work, const BothChanges& changes, const Decision& decision) {
  const Policy& policy = work.mailbox.policy;
  auto because = [&](const std::string& why) { return " (" + why + policy.where() + ")"; };
  for (Side side : kSides) {
    auto say = [&](const std::string& what) { work.log.notice(work.about(side), what); };
    auto count = [](const UidSet& uids) { return std::to_string(uids.size()) + " UID(s)"; };
    UidSet add;
    for (const Fresh& fresh : changes[other(side)]->fresh) add.add(fresh.uid);
    add = add.minus(work.refused[other(side)].minus(decision.inside[other(side)]));
    Synchronised& done = work.log.done();
    (side == Side::local ? done.copiedToLocal : done.copiedToRemote) += add.size();
    for (const Fresh& fresh : changes[other(side)]->fresh)
      if (add.contains(fresh.uid))
        (side == Side::local ? done.octetsToLocal : done.octetsToRemote) += fresh.size;
    std::string from = std::string(" <- ") + work.servers[other(side)]->name() + " UID ";
    if (!add.empty()) say("Would add " + count(add) + from + add.text());
    if (const UidSet& uids = decision.denied[other(side)]; !uids.empty())
      say("Mailbox is READ-ONLY: would not add " + count(uids) + from + uids.text());
    for (const auto& [source, why, uids] : decision.outside)
      if (source == other(side)) say("Would not add " + count(uids) + because(why) + from + uids.text());
    if (const UidSet& uids = decision.todo.unflagged[side]; !uids.empty())
      say("Would not change flags" + because(policy.whyNotStored(side)) + " of UID " + uids.text());
    const auto& todo = decision.todo.plan.todo[side];
    done.expunged += todo.expunge.size();
    for (const auto* updates : {&todo.add, &todo.remove})
      for (const FlagUpdate& update : *updates) done.flagsUpdated += update.uids.size();
    for (const FlagUpdate& update : todo.add)
      say("Would add flags (" + update.flags.text() + ") to UID " + update.uids.text());
    for (const FlagUpdate& update : todo.remove)
      say("Would remove flags (" + update.flags.text() + ") from UID " + update.uids.text());
    if (const UidSet& gone = todo.expunge; !gone.empty())
      say("Would remove " + count(gone) + " " + gone.text());
    if (const auto& heldBack = decision.todo.heldBack[side]) {
      if (!work.store.brake(work.mailbox.id, side)) ++done.held;
      say("Would not remove " + count(heldBack->uids) + " " + heldBack->uids.text() + ", " + text(*heldBack));
    }
    if (const UidSet& parted = decision.todo.parted[side]; !parted.empty())
      say("Would not remove " + count(parted) + because(policy.whyKept(side)) + " " + parted.text());
    if (const UidSet& kept = decision.todo.kept[side]; !kept.empty())
      say("Nothing may be expunged: would not remove " + count(kept) + " " + kept.text());
  }
}

}  // namespace interimap
