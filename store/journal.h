// The journal's rows, for the schema.
#pragma once

#include "store/database.h"

namespace interimap::store {

// What `ours_journal`, a row per intent, says in databases that have it becomes rows of `ours_intents`.
void convertFormerJournal(Database& database);

}  // namespace interimap::store
