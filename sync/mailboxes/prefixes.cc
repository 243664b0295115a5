// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/mailboxes/prefixes.h"

#include "ipc/side.h"

namespace interimap {

namespace {

bool isBeginning(const store::Store& store) {
  return store.isNew() || (store.version() > 0 && store.mailboxes().empty());
}

}  // namespace

void usePrefixes(const store::Store& store, Lists& lists) {
  Both<std::optional<std::string>> begunWith;
  if (!store.isNew() && store.version() > 0)
    for (Side side : kSides) begunWith[side] = store.prefix(side);
  lists.usePrefixes(std::move(begunWith), isBeginning(store));
}

void recordPrefixes(const Lists& lists, store::Store& store) {
  Both<bool> due;
  for (Side side : kSides) due[side] = !lists.prefix(side).empty() && !store.prefix(side);
  if (!due.local && !due.remote) return;
  store::Transaction transaction = store.begin();
  for (Side side : kSides)
    if (due[side]) store.setPrefix(side, lists.prefix(side));
  transaction.commit("prefixes");
}

}  // namespace interimap
