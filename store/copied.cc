// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include <ctime>

#include "store/database.h"
#include "store/store.h"

namespace interimap::store {

namespace {

// So long after it was made somebody else's copy may turn up beside it: of a machine that was asleep, say.
constexpr std::int64_t kRecently = 24 * 60 * 60;

}  // namespace

void Store::addCopied(MailboxId id, Side target, const UidSet& uids) {
  Query(*database_, "INSERT INTO ours_copied (idx, side, at, uids) VALUES (?, ?, ?, ?)", id, target,
        static_cast<std::int64_t>(std::time(nullptr)), std::string_view(uids.text()))
      .run();
}

UidSet Store::copied(MailboxId id, Side target) const {
  UidSet uids;
  Query row(*database_, "SELECT uids FROM ours_copied WHERE idx = ? AND side = ? AND at > ?", id, target,
            static_cast<std::int64_t>(std::time(nullptr)) - kRecently);
  while (row.next()) {
    auto some = UidSet::parse(row.bytes(0));
    if (!some) throw database_->refused("UIDs that are none");
    uids.add(*some);
  }
  return uids;
}

void Store::forgetCopied(MailboxId id) {
  Query(*database_, "DELETE FROM ours_copied WHERE idx = ? AND at <= ?", id,
        static_cast<std::int64_t>(std::time(nullptr)) - kRecently)
      .run();
}

}  // namespace interimap::store
