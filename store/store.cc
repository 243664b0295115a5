// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <ctime>
#include <limits>
#include <stdexcept>

#include "store/schema.h"

namespace interimap::store {

namespace {

// 0600, and only if there is none: the mode of an existing file is its owner's affair.
void createFile(const std::string& path, const std::string& shown) {
  int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd >= 0) {
    close(fd);
  } else if (errno != EEXIST) {
    throw Failure(ExitStatus::cantCreate, "Can't create " + shown + ": " + strerror(errno));
  }
}

// Rather too late than too early: clocks are set.
std::int64_t booted() {
  constexpr std::int64_t kSlack = 60;
  timespec up{};
  if (clock_gettime(CLOCK_BOOTTIME, &up) != 0) return std::numeric_limits<std::int64_t>::max();
  return std::time(nullptr) - up.tv_sec + kSlack;
}

}  // namespace

Transaction::Transaction(Store& store, Lasting lasting) : store_(store) {
  if (store.database_->inTransaction()) throw std::logic_error("a transaction within a transaction");
  store.database_->begin(lasting);
}

Transaction::~Transaction() {
  if (!open_) return;
  try {
    // SQLite may have rolled back itself, on a full disk for one.
    if (store_.database_->inTransaction()) store_.database_->rollBack();
  } catch (const Failure&) {
    // The file has what was committed, and closing it without a commit leaves it at that.
  }
}

void Transaction::commit(const char* what) {
  if (!open_) throw std::logic_error("a transaction committed twice");
  if (store_.seam_) store_.seam_(what, false);
  store_.database_->commit();
  open_ = false;
  if (store_.seam_) store_.seam_(what, true);
}

void Store::prime() {
  sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);  // would only be counted
  unsigned char seed;
  sqlite3_randomness(sizeof seed, &seed);
}

void Store::random(std::span<std::byte> out) { sqlite3_randomness(static_cast<int>(out.size()), out.data()); }

Store::Store(const std::string& directory, const std::string& name, bool create, Seam seam,
             const std::string& shown)
    : seam_(std::move(seam)), booted_(booted()) {
  std::string path = (directory == "/" ? "" : directory) + "/" + name;
  if (create) createFile(path, shown.empty() ? path : shown);
  database_ = std::make_unique<Database>(path, shown);
  Found found = inspect(*database_);
  version_ = found.version;
  isNew_ = found.isNew;
  database_->takeOver();
  if (version_ == kVersion) adopt();
}

Store::Store(ToLook, const std::string& directory, const std::string& name, const std::string& shown)
    : database_(std::make_unique<Database>((directory == "/" ? "" : directory) + "/" + name, shown)),
      booted_(booted()) {
  Found found = inspect(*database_);
  version_ = found.version;
  isNew_ = found.isNew;
  if (isNew_) throw database_->refused("there is nothing in it yet");
  standInForOwnTables(*database_);
  database_->onlyRead();
}

Store::Store(Seam seam)
    : database_(std::make_unique<Database>(":memory:")),
      seam_(std::move(seam)),
      isNew_(true),
      booted_(booted()) {}

Store::~Store() = default;

void Store::createSchema() {
  if (!isNew_) throw std::logic_error("a schema created twice");
  Transaction transaction = begin();
  createReferenceTables(*database_);
  createOwnTables(*database_);
  transaction.commit("create schema");
  isNew_ = false;
  version_ = kVersion;
  adopt();
}

void Store::migrate(std::optional<char> delimiter) {
  if (isNew_ || version_ != 0) throw std::logic_error("nothing to migrate");
  Transaction transaction = begin();
  migrateReferenceTables(*database_, delimiter);
  createOwnTables(*database_);
  transaction.commit("migrate");
  version_ = kVersion;
  adopt();
}

// Makes a database of version 1 ours: the tables that are missing, and nothing left of mailboxes that the
// reference has synchronised, or removed, since.
void Store::adopt() {
  database_->exec("PRAGMA foreign_keys = ON");
  if (!hasOwnTables(*database_)) {
    Transaction transaction = begin();
    createOwnTables(*database_);
    transaction.commit("create tables");
  }
  std::vector<MailboxId> stale = staleBases(), gone = goneMailboxes();
  if (stale.empty() && gone.empty()) return;
  Transaction transaction = begin();
  for (MailboxId id : stale) dropBase(id);
  for (MailboxId id : gone) removeMailbox(id);
  transaction.commit("adopt");
}

// From one mailbox to the next, not row by row: there may be a million of each.
std::vector<MailboxId> Store::staleBases() const {
  std::vector<MailboxId> stale;
  for (MailboxId at{-1};;) {
    Query row(*database_,
              "SELECT min(idx) FROM (SELECT min(idx) AS idx FROM ours_base WHERE idx > ?1 "
              "UNION ALL SELECT min(idx) FROM ours_stamp WHERE idx > ?1)",
              at);
    if (!row.next() || row.isNull(0)) return stale;
    at = row.mailboxId(0);
    if (!hasBase(at)) stale.push_back(at);
  }
}

std::vector<MailboxId> Store::goneMailboxes() const {
  std::vector<MailboxId> gone;
  Query row(*database_,
            "SELECT idx FROM ours_intents WHERE idx NOT IN (SELECT idx FROM mailboxes) "
            "UNION SELECT idx FROM ours_strays WHERE idx NOT IN (SELECT idx FROM mailboxes) "
            "UNION SELECT idx FROM ours_refused WHERE idx NOT IN (SELECT idx FROM mailboxes)");
  while (row.next()) gone.push_back(row.mailboxId(0));
  return gone;
}

std::optional<std::string> Store::account(Side side) const {
  Query row(*database_, "SELECT name FROM ours_account WHERE side = ?", side);
  if (!row.next()) return std::nullopt;
  return std::string(row.bytes(0));
}

void Store::setAccount(Side side, const std::string& name) {
  Query(*database_, "INSERT OR REPLACE INTO ours_account VALUES (?, ?)", side, name).run();
}

std::optional<std::string> Store::prefix(Side side) const {
  Query row(*database_, "SELECT prefix FROM ours_prefix WHERE side = ?", side);
  if (!row.next()) return std::nullopt;
  return std::string(row.bytes(0));
}

void Store::setPrefix(Side side, const std::string& prefix) {
  Query(*database_, "INSERT OR REPLACE INTO ours_prefix VALUES (?, ?)", side, std::string_view(prefix)).run();
}

std::string Store::check() const {
  std::string found;
  for (Query row(*database_, "PRAGMA integrity_check"); row.next();)
    found += std::string(row.bytes(0)) + "\n";
  for (Query row(*database_, "PRAGMA foreign_key_check"); row.next();)
    found += "foreign key of " + std::string(row.bytes(0)) + " row " + std::to_string(row.integer(1)) + "\n";
  return found == "ok\n" ? "ok" : found;
}

}  // namespace interimap::store
