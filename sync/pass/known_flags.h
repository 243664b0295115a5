// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The flags that messages of one side had when both sides last agreed.
#pragma once

#include "store/store.h"
#include "sync/copying/copies.h"

namespace interimap {

class KnownFlags {
 public:
  // `copies`: what was copied there a moment ago, if anything was. Both outlive this.
  KnownFlags(const store::Store& store, store::MailboxId id, Side side, const Copies* copies)
      : store_(store), id_(id), side_(side), hasBase_(store.hasBase(id)), copies_(copies) {}
  // Of a copy just made we know them, and need not ask the database.
  bool are(Uid uid, const Flags& now) const {
    if (!hasBase_) return false;
    if (copies_ != nullptr)
      if (const Flags* sent = copies_->find(uid).flags()) return *sent == now;
    auto base = store_.base(id_, side_, uid);
    return base && *base == now;
  }

 private:
  const store::Store& store_;
  store::MailboxId id_;
  Side side_;
  bool hasBase_;
  const Copies* copies_;
};

}  // namespace interimap
