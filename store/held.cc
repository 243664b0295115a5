// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Mailboxes that somebody has to decide about.
#include "store/database.h"

namespace interimap::store {

void Store::hold(MailboxId id, Side side, const std::string& reason) {
  Query(*database_, "INSERT OR REPLACE INTO ours_held (idx, reason, side) VALUES (?, ?, ?)", id,
        std::string_view(reason), side)
      .run();
}

std::optional<Held> Store::held(MailboxId id) const {
  Query row(*database_, "SELECT reason, side FROM ours_held WHERE idx = ?", id);
  if (!row.next()) return std::nullopt;
  return Held{row.integer(1) == 0 ? Side::local : Side::remote, std::string(row.bytes(0))};
}

void Store::setUnlike(MailboxId id, UidValidity local, UidValidity remote, const std::string& found) {
  Query(*database_, "INSERT OR REPLACE INTO ours_unlike VALUES (?, ?, ?, ?)", id, local, remote,
        std::string_view(found))
      .run();
}

std::optional<std::string> Store::unlike(MailboxId id, UidValidity local, UidValidity remote) const {
  Query row(*database_,
            "SELECT found FROM ours_unlike WHERE idx = ? AND lUIDVALIDITY = ? AND rUIDVALIDITY = ?", id,
            local, remote);
  if (!row.next()) return std::nullopt;
  return std::string(row.bytes(0));
}

void Store::setEmptied(MailboxId id, Side side, bool emptied) {
  const char* sql = emptied ? "INSERT OR IGNORE INTO ours_emptied VALUES (?, ?)"
                            : "DELETE FROM ours_emptied WHERE idx = ? AND side = ?";
  Query(*database_, sql, id, side).run();
}

bool Store::emptied(MailboxId id, Side side) const {
  return Query(*database_, "SELECT 1 FROM ours_emptied WHERE idx = ? AND side = ?", id, side).next();
}

}  // namespace interimap::store
