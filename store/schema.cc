// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "store/schema.h"

#include <algorithm>
#include <string>

#include "store/journal.h"

namespace interimap::store {

namespace {

constexpr const char* kMailboxes =
    "idx INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, "
    "mailbox BLOB COLLATE BINARY NOT NULL CHECK (mailbox != '') UNIQUE, "
    "subscribed BOOLEAN NOT NULL";

constexpr const char* kSide =
    "idx INTEGER NOT NULL PRIMARY KEY REFERENCES mailboxes(idx), "
    "UIDVALIDITY UNSIGNED INT NOT NULL CHECK (UIDVALIDITY > 0), "
    "UIDNEXT UNSIGNED INT NOT NULL, "  // 0: never completed
    "HIGHESTMODSEQ UNSIGNED BIGINT NOT NULL";

constexpr const char* kMapping =
    "idx INTEGER NOT NULL REFERENCES mailboxes(idx), "
    "lUID UNSIGNED INT NOT NULL CHECK (lUID > 0), "
    "rUID UNSIGNED INT NOT NULL CHECK (rUID > 0), "
    "PRIMARY KEY (idx,lUID), UNIQUE (idx,rUID)";

// Sides are 0 for local and 1 for remote; flags are the text of Flags, a BLOB since servers send 8-bit ones.
constexpr const char* kOwnTables[] = {
    "ours_account (side INTEGER PRIMARY KEY, name BLOB NOT NULL)",
    // The prefix of the personal namespace that names there have, unless it is empty.
    "ours_prefix (side INTEGER PRIMARY KEY, prefix BLOB NOT NULL)",
    // The text of the greeting that a login of the last run came behind, and until when the next is to come
    // behind it as well, seconds since 1970.
    "ours_greeting (side INTEGER PRIMARY KEY, greeting BLOB NOT NULL, waits INTEGER NOT NULL)",
    // Per pair the flags when both sides last agreed: the middle of a three-way merge.
    "ours_base (idx INTEGER NOT NULL, lUID INTEGER NOT NULL, flags BLOB NOT NULL, "
    "PRIMARY KEY (idx,lUID)) WITHOUT ROWID",
    // The reference's `local` and `remote` as of our last commit. If they differ, it has been there since.
    // And how many messages there were on each side.
    "ours_stamp (idx INTEGER PRIMARY KEY, lUIDNEXT INTEGER NOT NULL, lMODSEQ INTEGER NOT NULL, "
    "rUIDNEXT INTEGER NOT NULL, rMODSEQ INTEGER NOT NULL, lMESSAGES INTEGER, rMESSAGES INTEGER)",
    // APPENDs about to be sent to `side`, many in a row (store/journal.cc): the messages from UID `first` to
    // UID `last` of the other side.
    "ours_intents (idx INTEGER NOT NULL, side INTEGER NOT NULL, first INTEGER NOT NULL, "
    "last INTEGER NOT NULL, intents BLOB NOT NULL, PRIMARY KEY (idx,side,last)) WITHOUT ROWID",
    // What was copied to `side` at that time: UIDs.
    "ours_copied (idx INTEGER NOT NULL, side INTEGER NOT NULL, at INTEGER NOT NULL, uids BLOB NOT NULL)",
    // The newest messages of `side` that are known, and the digests of their headers.
    "ours_landmarks (idx INTEGER NOT NULL, side INTEGER NOT NULL, UID INTEGER NOT NULL, header BLOB NOT "
    "NULL, "
    "PRIMARY KEY (idx,side,UID)) WITHOUT ROWID",
    // What the server of `side` calls its messages, many in a row: those of `uids`, 12 octets each.
    "ours_ids (idx INTEGER NOT NULL, side INTEGER NOT NULL, last INTEGER NOT NULL, uids BLOB NOT NULL, "
    "ids BLOB NOT NULL, PRIMARY KEY (idx,side,last)) WITHOUT ROWID",
    // APPENDs to `side` that may still take effect, each as it was intended (store/journal.cc). UID 0: not
    // known any more.
    "ours_strays (id INTEGER PRIMARY KEY, idx INTEGER NOT NULL, side INTEGER NOT NULL, UID INTEGER NOT NULL, "
    "uidnext INTEGER NOT NULL, at INTEGER NOT NULL, what BLOB NOT NULL, content BLOB)",
    // Messages of `side` that the other side does not have, and why.
    "ours_refused (idx INTEGER NOT NULL, side INTEGER NOT NULL, UID INTEGER NOT NULL, kind INTEGER NOT NULL, "
    "reply BLOB NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (idx,side,UID)) WITHOUT ROWID",
    // Mailboxes that are left alone, why, and for the sake of which side.
    "ours_held (idx INTEGER PRIMARY KEY, reason BLOB NOT NULL, side INTEGER NOT NULL DEFAULT 0)",
    // Mailboxes that were compared under these UIDVALIDITYs, and what was found: not the same messages.
    "ours_unlike (idx INTEGER PRIMARY KEY, lUIDVALIDITY INTEGER NOT NULL, rUIDVALIDITY INTEGER NOT NULL, "
    "found BLOB NOT NULL)",
    // What is being done to mailboxes as such; UIDVALIDITYs are NULL where it is not to be done.
    "ours_undertaking (id INTEGER PRIMARY KEY, mailbox BLOB NOT NULL, renamed BLOB, lUIDVALIDITY INTEGER, "
    "rUIDVALIDITY INTEGER, database BOOLEAN NOT NULL)",
    // Those of them that carry over a deletion of the other side.
    "ours_followed (undertaking INTEGER PRIMARY KEY)",
    // Since when it is held back that most messages of a mailbox are to be expunged on `side`, and which.
    "ours_brake (idx INTEGER NOT NULL, side INTEGER NOT NULL, since INTEGER NOT NULL, uids BLOB NOT NULL, "
    "PRIMARY KEY (idx,side)) WITHOUT ROWID",
    // What the server of `side` was asked for when the connection to it was lost, how often since when
    // nothing else was asked of it, the last time, and what was said then. No UIDs: the mailbox as a whole.
    "ours_hangups (id INTEGER PRIMARY KEY, idx INTEGER NOT NULL, side INTEGER NOT NULL, asked INTEGER NOT "
    "NULL, "
    "uids BLOB NOT NULL, alone INTEGER NOT NULL, at INTEGER NOT NULL, words BLOB NOT NULL)",
    // When the reference's `local` and `remote` were last written by us: for people.
    "ours_since (idx INTEGER PRIMARY KEY, at INTEGER NOT NULL)",
    // Messages of `side` that others have marked as deleted, and that are without that mark since `at`, while
    // ours are expunged there.
    "ours_marked (idx INTEGER NOT NULL, side INTEGER NOT NULL, UIDVALIDITY INTEGER NOT NULL, at INTEGER NOT "
    "NULL, uids BLOB NOT NULL, PRIMARY KEY (idx,side)) WITHOUT ROWID",
    // Octets of messages that went to or came from `side`, and on which day that was.
    "ours_spent (side INTEGER PRIMARY KEY, day INTEGER NOT NULL, octets INTEGER NOT NULL)",
};

struct Column {
  const char *table, *column;
};
constexpr Column kReferenceColumns[] = {
    {"mailboxes", "idx"},      {"mailboxes", "mailbox"}, {"mailboxes", "subscribed"}, {"local", "idx"},
    {"local", "UIDVALIDITY"},  {"local", "UIDNEXT"},     {"local", "HIGHESTMODSEQ"},  {"remote", "idx"},
    {"remote", "UIDVALIDITY"}, {"remote", "UIDNEXT"},    {"remote", "HIGHESTMODSEQ"}, {"mapping", "idx"},
    {"mapping", "lUID"},       {"mapping", "rUID"},
};

// Came later than the rest of their tables.
constexpr Column kSideOfHeld{"ours_held", "side"};
constexpr Column kMessagesOfStamp{"ours_stamp", "lMESSAGES"};
// Was there before `ours_intents`.
constexpr Column kFormerJournal{"ours_journal", "sourceUID"};
// Was there before `ours_brake`.
constexpr Column kFormerBrake{"ours_emptied", "idx"};

bool hasColumn(Database& database, Column wanted) {
  Query row(database, "SELECT 1 FROM pragma_table_info(CAST(?1 AS TEXT)) WHERE name = CAST(?2 AS TEXT)",
            wanted.table, wanted.column);
  return row.next();
}

std::int64_t only(Database& database, const char* sql) {
  Query row(database, sql);
  return row.next() ? row.integer(0) : 0;
}

std::string withoutDelimiter(std::string_view text, std::optional<char> delimiter) {
  std::string name(text);
  if (delimiter) std::replace(name.begin(), name.end(), *delimiter, '\0');
  return name;
}

}  // namespace

Found inspect(Database& database) {
  std::int64_t version = only(database, "PRAGMA user_version");
  if (version < 0 || version > kVersion)
    throw database.refused("database version " + std::to_string(version) + " is not known to this program");
  if (version == 0 && only(database, "SELECT count(*) FROM sqlite_master") == 0) return {0, true};
  for (Column column : kReferenceColumns)
    if (!hasColumn(database, column))
      throw database.refused(std::string("not a database of interimap, there is no ") + column.table + "." +
                             column.column);
  return {static_cast<int>(version), false};
}

void createReferenceTables(Database& database) {
  database.exec(std::string("CREATE TABLE mailboxes (") + kMailboxes + ")");
  database.exec(std::string("CREATE TABLE local (") + kSide + ")");
  database.exec(std::string("CREATE TABLE remote (") + kSide + ")");
  database.exec(std::string("CREATE TABLE mapping (") + kMapping + ")");
  database.exec("PRAGMA user_version = " + std::to_string(kVersion));
}

// https://www.sqlite.org/lang_altertable.html section 7: a new table under another name, filled, the old one
// dropped, the new one renamed.
void migrateReferenceTables(Database& database, std::optional<char> delimiter) {
  database.exec(std::string("CREATE TABLE ours_migrated (") + kMailboxes + ")");
  {
    Query old(database, "SELECT idx, mailbox, subscribed FROM mailboxes ORDER BY idx");
    while (old.next()) {
      std::string name = withoutDelimiter(old.bytes(1), delimiter);
      Query insert(database, "INSERT INTO ours_migrated VALUES (?, ?, ?)", old.integer(0), name,
                   old.integer(2));
      insert.run();
    }
  }
  database.exec("DROP TABLE mailboxes");
  database.exec("ALTER TABLE ours_migrated RENAME TO mailboxes");
  if (Query(database, "PRAGMA foreign_key_check").next())
    throw database.refused("Broken referential integrity! Refusing to commit changes.");
  database.exec("PRAGMA user_version = " + std::to_string(kVersion));
}

bool hasOwnTables(Database& database) {
  return only(database, "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name GLOB 'ours_*'") ==
             std::ssize(kOwnTables) &&
         hasColumn(database, kSideOfHeld) && hasColumn(database, kMessagesOfStamp) &&
         !hasColumn(database, kFormerJournal) && !hasColumn(database, kFormerBrake);
}

void createOwnTables(Database& database) {
  for (const char* table : kOwnTables) database.exec(std::string("CREATE TABLE IF NOT EXISTS ") + table);
  if (!hasColumn(database, kSideOfHeld))
    database.exec("ALTER TABLE ours_held ADD COLUMN side INTEGER NOT NULL DEFAULT 0");
  if (!hasColumn(database, kMessagesOfStamp))
    for (const char* column : {"lMESSAGES", "rMESSAGES"})
      database.exec(std::string("ALTER TABLE ours_stamp ADD COLUMN ") + column + " INTEGER");
  database.exec("DROP TABLE IF EXISTS ours_emptied");
  if (!hasColumn(database, kFormerJournal)) return;
  convertFormerJournal(database);
  database.exec("DROP TABLE ours_journal");
}

void standInForOwnTables(Database& database) {
  for (std::string_view table : kOwnTables) {
    std::string_view name = table.substr(0, table.find(' '));
    Query there(database, "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = CAST(? AS TEXT)",
                name);
    if (!there.next()) database.exec("CREATE TEMP TABLE " + std::string(table));
  }
}

}  // namespace interimap::store
