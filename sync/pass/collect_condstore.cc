// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pass/collect_condstore.h"

#include <algorithm>

namespace interimap {

Reply<answer::Selected> CollectCondstore::select() {
  return server_.select(mailbox_.wire[server_.side()], std::nullopt, {}, {});
}

void CollectCondstore::askChanges() {
  flagsReply_ = server_.fetch(
      UidSet::below(changes_.listedFrom), request::Fetch::Items::flags,
      [this](const answer::Message& message) { changed(message); }, known_->highestModSeq);
}

void CollectCondstore::settle(const answer::Selected& selected) {
  if (changes_.listedFrom.value == 1) return concludeListed(selected);
  UidSet unseen = mapped_.intersect(UidSet::from(changes_.knownNext)).minus(seen_);
  changes_.gone.add(unseen);
  // As many went, perhaps, as came and are not shown: UIDs that were given out tell of those.
  const std::uint64_t given =
      selected.uidNext.value - std::min(selected.uidNext.value, changes_.listedFrom.value);
  changes_.recount = !known_->messages || *known_->messages + seen_.size() != selected.exists ||
                     given > UidSet::from(changes_.listedFrom).intersect(seen_).size();
}

}  // namespace interimap
