// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What is being done to mailboxes as such, so that a run that is killed amid it can be carried on.
#include "store/database.h"

namespace interimap::store {

namespace {

std::optional<UidValidity> validity(const Query& row, int column) {
  if (row.isNull(column)) return std::nullopt;
  return UidValidity{static_cast<std::uint32_t>(row.integer(column, 0, 0xffffffffU))};
}

}  // namespace

void Store::undertake(const Undertaking& undertaking) {
  Query(*database_,
        "INSERT INTO ours_undertaking (mailbox, renamed, lUIDVALIDITY, rUIDVALIDITY, database) "
        "VALUES (?, ?, ?, ?, ?)",
        undertaking.mailbox, undertaking.to, undertaking.local, undertaking.remote, undertaking.inDatabase)
      .run();
  if (undertaking.follows)
    Query(*database_, "INSERT INTO ours_followed SELECT max(id) FROM ours_undertaking").run();
}

std::vector<Undertaking> Store::undertakings() const {
  std::vector<Undertaking> found;
  Query row(*database_,
            "SELECT id, mailbox, renamed, lUIDVALIDITY, rUIDVALIDITY, database, "
            "id IN (SELECT undertaking FROM ours_followed) FROM ours_undertaking ORDER BY id");
  while (row.next()) {
    Undertaking undertaking{row.integer(0),   row.mailboxName(1),  std::nullopt,       validity(row, 3),
                            validity(row, 4), row.integer(5) != 0, row.integer(6) != 0};
    if (!row.isNull(2)) undertaking.to = row.mailboxName(2);
    found.push_back(std::move(undertaking));
  }
  return found;
}

void Store::accomplish(std::int64_t id) {
  Query(*database_, "DELETE FROM ours_undertaking WHERE id = ?", id).run();
  Query(*database_, "DELETE FROM ours_followed WHERE undertaking = ?", id).run();
}

}  // namespace interimap::store
