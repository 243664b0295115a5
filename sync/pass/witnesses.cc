// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pass/witnesses.h"

namespace interimap {

namespace {

// Servers that show only the newest messages of a mailbox show thousands, and a round number of them.
constexpr std::uint32_t kLeastWindow = 1000;

// As new messages come, old ones leave the window: they look expunged, from the lowest UID on.
bool isWindow(const UidSet& missing, const Witnesses& seen) {
  if (missing.empty() || seen.present.empty() || seen.exists < kLeastWindow) return false;
  if (missing.last() > seen.present.first()) return false;
  return seen.exists % kLeastWindow == 0 || seen.exists == seen.before;
}

}  // namespace

void conclude(const Witnesses& seen, Changes& changes) {
  changes.recount = false;
  changes.doubt.reset();
  changes.lost = changes.gone = changes.strangersGone = {};
  UidSet missing = seen.mapped.minus(seen.present), listed;
  for (const Fresh& fresh : changes.fresh) listed.add(UidSet::single(fresh.uid));
  const UidSet unlisted = seen.present.intersect(UidSet::from(changes.listedFrom))
                              .minus(seen.mapped)
                              .minus(seen.refused)
                              .minus(listed);
  if (seen.present.size() != seen.exists) {
    changes.doubt = {Changes::Doubt::Why::number, missing, seen.present.size(), seen.exists};
  } else if (!unlisted.empty()) {
    changes.doubt = {Changes::Doubt::Why::listing, missing, seen.present.size() - unlisted.size(),
                     seen.exists};
  } else if (isWindow(missing, seen)) {
    changes.doubt = {Changes::Doubt::Why::window, missing, seen.present.size(), seen.exists};
  } else {
    changes.strangersGone = seen.refused.minus(seen.present);
    for (Uid uid : missing.each()) changes.flags.erase(uid);
    changes.gone = std::move(missing);
  }
}

std::string text(const Changes::Doubt& doubt) {
  std::string exists = std::to_string(doubt.exists);
  switch (doubt.why) {
    case Changes::Doubt::Why::number:
      return "Server says that there are " + exists + " messages, but names " +
             std::to_string(doubt.present) + ": what is missing there is not expunged on the other side.";
    case Changes::Doubt::Why::listing:
      return "Server says that there are " + exists + " messages, but shows " +
             std::to_string(doubt.present) + " of them: the mailbox is left alone.";
    case Changes::Doubt::Why::window:
      return "Server shows " + exists + " messages, and not the older UID(s) " + doubt.missing.text() +
             " any more. It may show only the newest ones, so these are not expunged on the other side.";
  }
  return exists;
}

}  // namespace interimap
