// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "store/database.h"

#include <poll.h>
#include <sqlite3.h>

#include <memory>
#include <stdexcept>

namespace interimap::store {

namespace {

constexpr int kBusyStep = 10, kBusyLimit = 250;  // milliseconds
// Pages of the write-ahead log, 16 MiB: to bring it into the file takes fsyncs, for which copying waits.
constexpr int kLongestLog = 4096;

// poll() rather than SQLite's own wait: the sandbox allows it anyway.
int waitForLock(void*, int times) {
  if (times * kBusyStep >= kBusyLimit) return 0;
  poll(nullptr, 0, kBusyStep);
  return 1;
}

// By Rare.
constexpr const char* kAnyRow[] = {
    "SELECT 1 FROM ours_refused LIMIT 1", "SELECT 1 FROM ours_held LIMIT 1",
    "SELECT 1 FROM ours_brake LIMIT 1",   "SELECT 1 FROM ours_marked LIMIT 1",
    "SELECT 1 FROM ours_strays LIMIT 1",  "SELECT 1 FROM ours_hangups LIMIT 1"};

ExitStatus exitStatus(int code) {
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return ExitStatus::tryAgain;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
    case SQLITE_CONSTRAINT:
    case SQLITE_FORMAT: return ExitStatus::data;
    case SQLITE_CANTOPEN:
    case SQLITE_PERM: return ExitStatus::cantCreate;
    case SQLITE_IOERR:
    case SQLITE_FULL:
    case SQLITE_READONLY:
    case SQLITE_NOLFS: return ExitStatus::io;
    default: return ExitStatus::internal;
  }
}

// The file may have been handed to us by somebody: nothing in its schema gets to run.
void distrustSchema(sqlite3* handle) {
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
}

}  // namespace

void Database::Close::operator()(sqlite3* handle) const { sqlite3_close(handle); }

Database::Database(const std::string& path, const std::string& shown)
    : path_(path), shown_(shown.empty() ? path : shown) {
  sqlite3* handle = nullptr;
  int code = sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  handle_.reset(handle);
  if (code != SQLITE_OK) fail(code);
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_handler(handle, waitForLock, nullptr);
  distrustSchema(handle);
  // Comes first, before anything that reads the file: locks once taken are then kept, and the index of a
  // write-ahead log, also of one that a kill left behind, is in our memory instead of a mapped file, which
  // the sandbox forbids.
  exec("PRAGMA locking_mode = EXCLUSIVE");
  exec("BEGIN EXCLUSIVE");
  exec("COMMIT");
  exec("PRAGMA temp_store = MEMORY");
  exec("PRAGMA mmap_size = 0");
  exec("PRAGMA synchronous = FULL");
}

Database::~Database() {
  for (auto& [sql, statements] : idle_)
    for (sqlite3_stmt* statement : statements) sqlite3_finalize(statement);
  // Whatever fails here, the next to open the file recovers it.
  if (inTransaction()) sqlite3_exec(handle_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
  if (ours_) sqlite3_exec(handle_.get(), "PRAGMA journal_mode = DELETE", nullptr, nullptr, nullptr);
}

void Database::onlyRead() {
  exec("PRAGMA query_only = ON");
  readOnly_ = true;
}

// Where the file system cannot do it, SQLite stays with the rollback journal, which is as safe.
void Database::begin(Lasting lasting) {
  if (readOnly_) throw refused("it is only looked at");  // the journal's mode would be written, too
  if (!writeAheadLog_) {
    exec("PRAGMA journal_mode = WAL");
    exec("PRAGMA wal_autocheckpoint = " + std::to_string(kLongestLog));
  }
  writeAheadLog_ = true;
  if (lasting != lasting_)
    exec(lasting == Lasting::throughKill ? "PRAGMA synchronous = NORMAL" : "PRAGMA synchronous = FULL");
  lasting_ = lasting;
  run("BEGIN IMMEDIATE");
}

void Database::commit() { run("COMMIT"); }

void Database::rollBack() {
  ++writes_;
  exec("ROLLBACK");
}

bool Database::isEmpty(Rare table) {
  static_assert(std::size(kAnyRow) == std::tuple_size_v<decltype(empty_)>);
  auto& empty = empty_[static_cast<std::size_t>(table)];
  if (!empty) empty = !Query(*this, kAnyRow[static_cast<std::size_t>(table)]).next();
  return *empty;
}

void Database::run(const char* sql) {
  sqlite3_stmt* statement = take(sql);
  int code = sqlite3_step(statement);
  giveBack(sql, statement);
  if (code != SQLITE_DONE) fail(code);
}

void Database::exec(const std::string& sql) {
  int code = sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(code);
}

bool Database::inTransaction() const { return !sqlite3_get_autocommit(handle_.get()); }

std::int64_t Database::lastRow() const { return sqlite3_last_insert_rowid(handle_.get()); }

std::string Database::lastError() const { return sqlite3_errmsg(handle_.get()); }

Failure Database::refused(const std::string& what) const {
  return Failure(ExitStatus::data, shown_ + ": " + what);
}

void Database::fail(int code) const {
  throw Failure(exitStatus(code),
                shown_ + ": " + (handle_ ? sqlite3_errmsg(handle_.get()) : sqlite3_errstr(code)));
}

sqlite3_stmt* Database::take(const char* sql) {
  auto& idle = idle_[sql];
  if (!idle.empty()) {
    sqlite3_stmt* statement = idle.back();
    idle.pop_back();
    return statement;
  }
  sqlite3_stmt* statement = nullptr;
  int code = sqlite3_prepare_v3(handle_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) fail(code);
  return statement;
}

void Database::giveBack(const char* sql, sqlite3_stmt* statement) {
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  idle_[sql].push_back(statement);
}

Query::Query(Unbound, Database& database, const char* sql)
    : database_(database), sql_(sql), statement_(database.take(sql_)) {
  if (sqlite3_stmt_readonly(statement_)) return;
  ++database.writes_;
  if (database.inTransaction()) return;
  database.giveBack(sql_, statement_);
  throw std::logic_error("written outside a transaction: " + std::string(sql));
}

Query::~Query() { database_.giveBack(sql_, statement_); }

int Query::step() {
  int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW || code == SQLITE_DONE || (code & 0xff) == SQLITE_CONSTRAINT) return code;
  database_.fail(code);
}

bool Query::next() {
  int code = step();
  if ((code & 0xff) == SQLITE_CONSTRAINT) database_.fail(code);
  return code == SQLITE_ROW;
}

void Query::run() {
  while (next()) {
  }
}

bool Query::accepted() {
  int code = step();
  return code == SQLITE_DONE || code == SQLITE_ROW;
}

void Query::bind(std::int64_t value) { sqlite3_bind_int64(statement_, ++bound_, value); }

void Query::bind(std::string_view bytes) {
  // A null pointer would bind NULL, also for an empty text.
  const char* data = bytes.empty() ? "" : bytes.data();
  sqlite3_bind_blob64(statement_, ++bound_, data, bytes.size(), SQLITE_STATIC);
}

std::int64_t Query::integer(int column) const { return sqlite3_column_int64(statement_, column); }

std::uint64_t Query::integer(int column, std::uint64_t least, std::uint64_t most) const {
  std::int64_t value = integer(column);
  auto unsignedValue = static_cast<std::uint64_t>(value);
  if (value < 0 || unsignedValue < least || unsignedValue > most)
    throw database_.refused(std::string(sqlite3_column_name(statement_, column)) + " " +
                            std::to_string(value) + " is out of range");
  return unsignedValue;
}

std::string_view Query::bytes(int column) const {
  auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  return {data, data ? static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)) : 0};
}

bool Query::isNull(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

Uid Query::uid(int column) const { return *Uid::of(integer(column, 1, 0xffffffffU)); }

UidNext Query::uidNext(int column) const { return UidNext{integer(column, 0, 0x100000000U)}; }

MailboxName Query::mailboxName(int column) const {
  auto name = MailboxName::of(std::string(bytes(column)));
  if (!name) throw database_.refused("a mailbox name is empty or too long");
  return *name;
}

Flags Query::flags(int column) const {
  auto flags = Flags::parse(bytes(column));
  if (!flags) throw database_.refused("flags that are none");
  return *flags;
}

Side Query::side(int column) const { return integer(column, 0, 1) == 0 ? Side::local : Side::remote; }

}  // namespace interimap::store
