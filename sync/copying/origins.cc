// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/copying/origins.h"

#include <algorithm>
#include <utility>

namespace interimap {

std::map<Uid, Origin> Origins::find(Side source, store::MailboxId into, const std::vector<Fresh>& fresh,
                                    const std::vector<store::Named>& names) {
  std::map<Uid, Origin> origins;
  const Side target = other(source);
  if (lists_ == nullptr || isGivenUp_[target] || names.empty()) return origins;
  std::vector<store::Named> wanted;  // by name
  for (const store::Named& named : names)
    if (std::ranges::binary_search(fresh, named.uid, {}, &Fresh::uid) &&
        !given_.contains({into, source, named.uid}))
      wanted.push_back(named);
  std::ranges::sort(wanted, {}, [](const store::Named& it) { return std::pair(it.id, it.uid); });
  std::vector<ServerId> ids;
  ids.reserve(wanted.size());
  for (const store::Named& named : wanted) ids.push_back(named.id);
  std::map<store::MailboxId, bool> isUsable;
  for (const store::Store::Called& found : store_.find(source, ids)) {
    // The first of that name that has no origin yet.
    auto it = std::ranges::lower_bound(wanted, found.name, {}, &store::Named::id);
    while (it != wanted.end() && it->id == found.name && origins.contains(it->uid)) ++it;
    if (it == wanted.end() || it->id != found.name || (found.mailbox == into && found.uid == it->uid))
      continue;
    if (!isUsable.contains(found.mailbox)) isUsable[found.mailbox] = place(found.mailbox, target).has_value();
    if (!isUsable[found.mailbox]) continue;
    auto pairs = store_.pairs(found.mailbox, source, UidSet::single(found.uid));
    if (pairs.empty() || !pairs.front().base) continue;
    const Uid there = target == Side::local ? pairs.front().local : pairs.front().remote;
    origins.emplace(it->uid, Origin{found.mailbox, there, std::move(*pairs.front().base)});
    given_.insert({into, source, it->uid});
  }
  return origins;
}

// One that is left alone, since what is known of it is in doubt, is none.
std::optional<Origins::Place> Origins::place(store::MailboxId mailbox, Side side) const {
  auto state = store_.state(mailbox, side);
  if (!state || !store_.hasBase(mailbox) || store_.held(mailbox)) return std::nullopt;
  for (const store::KnownMailbox& known : store_.mailboxes())
    if (known.id == mailbox && lists_->exists(side, known.name))
      return Place{lists_->hierarchy(side).wire(known.name), state->uidValidity};
  return std::nullopt;
}

}  // namespace interimap
