// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The journal's rows, for the schema.
#pragma once

#include "store/database.h"

namespace interimap::store {

// What `ours_journal`, a row per intent, says in databases that have it becomes rows of `ours_intents`.
void convertFormerJournal(Database& database);

}  // namespace interimap::store
