// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "store/pull_state.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>

#include "ipc/failure.h"
#include "store/database.h"
#include "store/reference_state.h"
#include "store/state_file.h"

namespace interimap::store {

namespace {

constexpr int kApplication = 0x70756c6c;  // PRAGMA application_id: "pull"
constexpr int kVersion = 2;               // PRAGMA user_version

// Digests of whole messages (2): what was delivered before has none.
constexpr const char* kContents[] = {
    "ALTER TABLE settled ADD COLUMN content BLOB NOT NULL DEFAULT x''",
    "ALTER TABLE settled ADD COLUMN hop BLOB NOT NULL DEFAULT x''",
    "ALTER TABLE open ADD COLUMN content BLOB NOT NULL DEFAULT x''",
};

constexpr const char* kTables[] = {
    "account (name BLOB NOT NULL)",
    "mailboxes (idx INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE, UIDVALIDITY INTEGER NOT NULL, "
    "UIDNEXT INTEGER NOT NULL, imported INTEGER NOT NULL)",
    // Messages that are done with; identities, to know them again when UIDs have lost their meaning.
    "settled (idx INTEGER NOT NULL, UID INTEGER NOT NULL, how INTEGER NOT NULL, seen INTEGER NOT NULL, "
    "header BLOB NOT NULL, date INTEGER NOT NULL, size INTEGER NOT NULL, PRIMARY KEY (idx,UID)) "
    "WITHOUT ROWID",
    // Messages that were tried and are not delivered to all, and what became of each recipient's.
    "open (idx INTEGER NOT NULL, UID INTEGER NOT NULL, header BLOB NOT NULL, date INTEGER NOT NULL, "
    "size INTEGER NOT NULL, attempts INTEGER NOT NULL, next INTEGER NOT NULL, marked INTEGER NOT NULL, "
    "PRIMARY KEY (idx,UID)) WITHOUT ROWID",
    "fates (idx INTEGER NOT NULL, UID INTEGER NOT NULL, recipient BLOB NOT NULL, fate INTEGER NOT NULL, "
    "reply BLOB NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (idx,UID,recipient)) WITHOUT ROWID",
    // Messages that delivery has, or is about to get.
    "hands (idx INTEGER NOT NULL, UID INTEGER NOT NULL, PRIMARY KEY (idx,UID)) WITHOUT ROWID",
};

std::int64_t only(Database& database, const char* sql) {
  Query row(database, sql);
  return row.next() ? row.integer(0) : 0;
}

}  // namespace

PullState::PullState(const std::string& directory, const std::string& name, bool create,
                     const WireName& first, Seam seam, const std::string& shown)
    : path_((directory == "/" ? "" : directory) + "/" + name),
      shown_(shown.empty() ? path_ : shown),
      seam_(std::move(seam)) {
  StateFile file(path_, shown_, create);
  std::optional<std::string> reference = file.takeReference();
  lock_ = file.release();
  if (open()) {
    if (!reference) reference = StateFile::interruptedImport(path_, shown_);
    write("create state", [&] {
      createTables();
      if (reference) import(*reference, first);
    });
  }
  StateFile::finishImport(path_, shown_);
}

PullState::PullState(ToLook, const std::string& directory, const std::string& name, const std::string& shown)
    : path_((directory == "/" ? "" : directory) + "/" + name),
      shown_(shown),
      database_(std::make_unique<Database>(path_, shown_)) {
  inspect();
  database_->onlyRead();
}

PullState::~PullState() = default;

PullState::Found PullState::inspect() {
  bool isNew = only(*database_, "SELECT count(*) FROM sqlite_master") == 0;
  if (!isNew && only(*database_, "PRAGMA application_id") != kApplication)
    throw database_->refused("not a state file of pullimap");
  std::int64_t version = only(*database_, "PRAGMA user_version");
  if (version > kVersion)
    throw database_->refused("state of version " + std::to_string(version) + " is not known to this program");
  return {isNew, version};
}

// Whether it is new.
bool PullState::open() {
  database_ = std::make_unique<Database>(path_, shown_);
  Found found = inspect();
  database_->takeOver();
  if (!found.isNew && found.version < kVersion) write("upgrade", [&] { upgrade(found.version); });
  return found.isNew;
}

void PullState::upgrade(std::int64_t version) {
  if (version < 2)
    for (const char* change : kContents) database_->exec(change);
  database_->exec("PRAGMA user_version = " + std::to_string(kVersion));
}

void PullState::createTables() {
  database_->exec("PRAGMA application_id = " + std::to_string(kApplication));
  database_->exec("PRAGMA user_version = " + std::to_string(kVersion));
  for (const char* table : kTables) database_->exec(std::string("CREATE TABLE ") + table);
  for (const char* change : kContents) database_->exec(change);
  database_->exec("CREATE INDEX unseen ON settled (idx, UID) WHERE seen = 0");
}

void PullState::import(const std::string& octets, const WireName& first) {
  ReferenceState reference = *ReferenceState::parse(octets);
  MailboxId id = addMailbox(first, reference.uidValidity);
  setUidNext(id, reference.uidNext);
  Query(*database_, "UPDATE mailboxes SET imported = UIDNEXT WHERE idx = ?", id).run();
  for (Uid uid : reference.delivered.each()) settle(id, {uid, Settlement::imported, {}, false});
  importNotice_ = "Imported " + shown_ + " (" + std::to_string(reference.delivered.size()) +
                  " delivered UID(s), UIDNEXT " + std::to_string(reference.uidNext.value) +
                  "); a copy is kept in " + shown_ + StateFile::kKept;
}

void PullState::write(const char* what, const std::function<void()>& changes) {
  database_->begin(Lasting::throughPowerLoss);
  try {
    changes();
    if (seam_) seam_(what, false);
    database_->commit();
  } catch (...) {  // what was written so far must not be committed with something else
    if (database_->inTransaction()) database_->rollBack();
    throw;
  }
  if (seam_) seam_(what, true);
}

std::optional<std::string> PullState::account() const {
  Query row(*database_, "SELECT name FROM account");
  if (!row.next()) return std::nullopt;
  return std::string(row.bytes(0));
}

void PullState::setAccount(const std::string& name) {
  Query(*database_, "INSERT INTO account VALUES (?)", std::string_view(name)).run();
}

std::vector<std::string> PullState::mailboxes() const {
  std::vector<std::string> names;
  for (Query row(*database_, "SELECT name FROM mailboxes ORDER BY name"); row.next();)
    names.emplace_back(row.bytes(0));
  return names;
}

std::optional<PulledMailbox> PullState::mailbox(const WireName& name) const {
  Query row(*database_, "SELECT idx, UIDVALIDITY, UIDNEXT, imported FROM mailboxes WHERE name = ?",
            std::string_view(name.bytes));
  if (!row.next()) return std::nullopt;
  return PulledMailbox{row.mailboxId(0),
                       {static_cast<std::uint32_t>(row.integer(1, 0, 0xffffffffU))},
                       row.uidNext(2),
                       row.uidNext(3)};
}

MailboxId PullState::addMailbox(const WireName& name, UidValidity uidValidity) {
  Query(*database_, "INSERT INTO mailboxes (name, UIDVALIDITY, UIDNEXT, imported) VALUES (?, ?, 1, 0)",
        std::string_view(name.bytes), uidValidity)
      .run();
  return MailboxId{database_->lastRow()};
}

void PullState::setUidNext(MailboxId id, UidNext uidNext) {
  Query(*database_, "UPDATE mailboxes SET UIDNEXT = ?1, imported = min(imported, ?1) WHERE idx = ?2", uidNext,
        id)
      .run();
}

void PullState::setCatalogued(MailboxId id) {
  Query(*database_, "UPDATE mailboxes SET imported = 0 WHERE idx = ?", id).run();
}

void PullState::startOver(MailboxId id, UidValidity uidValidity) {
  Query(*database_, "UPDATE mailboxes SET UIDVALIDITY = ?, UIDNEXT = 1, imported = 0 WHERE idx = ?",
        uidValidity, id)
      .run();
  Query(*database_, "DELETE FROM settled WHERE idx = ?", id).run();
  Query(*database_, "DELETE FROM open WHERE idx = ?", id).run();
  Query(*database_, "DELETE FROM fates WHERE idx = ?", id).run();
  Query(*database_, "DELETE FROM hands WHERE idx = ?", id).run();
}

std::string PullState::exported(const WireName& name) const {
  ReferenceState reference;
  auto known = mailbox(name);
  if (!known) return {};
  reference.uidValidity = known->uidValidity;
  reference.uidNext = known->uidNext;
  std::vector<OpenMessage> unsettled = open(known->id);
  UidSet unsettledUids = handedOver(known->id);
  for (const OpenMessage& message : unsettled) unsettledUids.add(message.uid);
  if (!unsettledUids.empty())
    reference.uidNext.value = std::min<std::uint64_t>(reference.uidNext.value, unsettledUids.first().value());
  reference.delivered = settledUids(known->id, reference.uidNext);
  // The format ends one below the highest UIDNEXT there can be.
  reference.uidNext.value = std::min<std::uint64_t>(reference.uidNext.value, 0xffffffffU);
  return reference.octets();
}

std::string PullState::check() const {
  Query row(*database_, "PRAGMA integrity_check");
  return row.next() ? std::string(row.bytes(0)) : "no answer";
}

}  // namespace interimap::store
