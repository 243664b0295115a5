// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The tables. Those of the reference as it makes them itself, version 1, and ours, whose names start with
// "ours_" and which refer to none of its tables.
#pragma once

#include <optional>

#include "store/database.h"

namespace interimap::store {

inline constexpr int kVersion = 1;  // PRAGMA user_version

struct Found {
  int version = 0;
  bool isNew = false;  // no tables at all
};

// What kind of database this is; writes nothing. Failure(data) if it is neither new nor the reference's, or
// of a version above kVersion.
Found inspect(Database& database);

// Within a transaction.
void createReferenceTables(Database& database);
// From version 0, in which `mailboxes` holds text with the servers' hierarchy delimiter. Failure(data) if
// rows refer to mailboxes that are not there. Needs foreign keys to be off.
void migrateReferenceTables(Database& database, std::optional<char> delimiter);

bool hasOwnTables(Database& database);
// Those that are missing; what a former version kept otherwise is converted. Within a transaction.
void createOwnTables(Database& database);
// Those that are missing, empty and in memory.
void standInForOwnTables(Database& database);

}  // namespace interimap::store
