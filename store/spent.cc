// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What was transferred today, of what the configuration allows (`daily`).
#include <limits>

#include "store/database.h"

namespace interimap::store {

void Store::spend(Side side, std::int64_t day, std::uint64_t octets) {
  Query(*database_,
        "INSERT INTO ours_spent VALUES (?1, ?2, ?3) ON CONFLICT (side) DO UPDATE SET "
        "octets = CASE day WHEN ?2 THEN octets + ?3 ELSE ?3 END, day = ?2",
        side, day, static_cast<std::int64_t>(octets))
      .run();
}

std::uint64_t Store::spent(Side side, std::int64_t day) const {
  Query row(*database_, "SELECT octets FROM ours_spent WHERE side = ? AND day = ?", side, day);
  return row.next() ? row.integer(0, 0, std::numeric_limits<std::int64_t>::max()) : 0;
}

}  // namespace interimap::store
