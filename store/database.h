// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// One open SQLite database, locked against everybody else, and the statements prepared on it.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ipc/failure.h"
#include "ipc/flags.h"
#include "ipc/launch.h"
#include "ipc/mailbox_name.h"
#include "ipc/uid.h"
#include "store/store.h"

struct sqlite3;
struct sqlite3_stmt;

namespace interimap::store {

// Tables that are empty in ordinary life. To ask them about one mailbox after the other would be a third of
// all that a run asks.
enum class Rare : std::uint8_t { refused, held, brake, marked, strays, hangups };

// Held locked from the constructor to the destructor. Every error of SQLite's is a Failure whose text starts
// with the path of the file and ends with SQLite's words.
class Database {
 public:
  // The file must exist. Waits up to a quarter of a second for the lock.
  // `shown`: the path in messages, where that is another; this process may have another root directory.
  explicit Database(const std::string& path, const std::string& shown = {});
  // A transaction still open is rolled back; the write-ahead log goes into the file and away.
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // The file turned out to be ours: at the end, and also if a kill left it otherwise, it is to have the
  // rollback journal of the reference.
  void takeOver() { ours_ = true; }
  // From now on nothing is written: begin() throws.
  void onlyRead();

  // BEGIN. The first one also turns to a write-ahead log: a commit that lasts through a power loss then takes
  // one fsync instead of four or five, any other and a run that writes nothing takes none.
  void begin(Lasting lasting);
  void commit();
  void rollBack();

  // Grows whenever what a query finds may have changed.
  std::uint64_t writes() const { return writes_; }

  // Nothing stands in it: looked up once. Whoever writes a row calls filled() before.
  bool isEmpty(Rare table);
  void filled(Rare table) { empty_[static_cast<std::size_t>(table)] = false; }

  // One statement without parameters and without rows of interest: PRAGMA, CREATE.
  void exec(const std::string& sql);
  bool inTransaction() const;
  std::int64_t lastRow() const;   // the INTEGER PRIMARY KEY given by the last INSERT
  std::string lastError() const;  // SQLite's words

  // What a value in the file may not be, or a row that may not go in.
  Failure refused(const std::string& what) const;

 private:
  friend class Query;
  struct Close {
    void operator()(sqlite3* handle) const;
  };
  [[noreturn]] void fail(int code) const;
  void run(const char* sql);  // as exec(), prepared once
  sqlite3_stmt* take(const char* sql);
  void giveBack(const char* sql, sqlite3_stmt* statement);

  std::string path_, shown_;
  std::unique_ptr<sqlite3, Close> handle_;
  bool ours_ = false, writeAheadLog_ = false, readOnly_ = false;
  std::uint64_t writes_ = 0;
  std::array<std::optional<bool>, 6> empty_;  // by Rare
  Lasting lasting_ = Lasting::throughPowerLoss;
  // Prepared once and not in use at the moment; a query within a query of the same text takes another one.
  // By the address of the text: to look at the text itself costs as much as some of the statements.
  std::unordered_map<const char*, std::vector<sqlite3_stmt*>> idle_;
};

// One execution of a statement: parameters in, rows out, then the statement is free for the next one. The
// text must stay where it is: prepared statements are kept under it. Writing outside a transaction is a bug
// and throws std::logic_error.
//
//   for (Query row(database, "SELECT rUID FROM mapping WHERE idx = ?", id); row.next();) use(row.uid(0));
class Query {
 public:
  template <typename... Values>
  explicit Query(Database& database, const char* sql, const Values&... values)
      : Query(Unbound(), database, sql) {
    (bind(values), ...);
  }
  ~Query();
  // More parameters, for a statement of many rows.
  template <typename... Values>
  void with(const Values&... values) {
    (bind(values), ...);
  }
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  bool next();  // whether there is another row
  void run();   // to the end
  // As run(), but false if a constraint of the table refuses it.
  [[nodiscard]] bool accepted();

  // Columns of the current row, from 0 on. What does not hold is a Failure(data).
  std::int64_t integer(int column) const;
  std::uint64_t integer(int column, std::uint64_t least, std::uint64_t most) const;
  std::string_view bytes(int column) const;  // until the next step
  bool isNull(int column) const;
  MailboxId mailboxId(int column) const { return MailboxId{integer(column)}; }
  Uid uid(int column) const;
  UidNext uidNext(int column) const;
  MailboxName mailboxName(int column) const;
  Flags flags(int column) const;
  Side side(int column) const;

 private:
  struct Unbound {};
  Query(Unbound, Database& database, const char* sql);
  void bind(std::int64_t value);
  void bind(std::string_view bytes);  // a BLOB; must outlive the query
  void bind(MailboxId id) { bind(id.value); }
  void bind(Uid uid) { bind(std::int64_t{uid.value()}); }
  void bind(UidValidity value) { bind(std::int64_t{value.value}); }
  void bind(UidNext next) { bind(static_cast<std::int64_t>(next.value)); }
  // The same bits, signed: SQLite has no unsigned 64 bit, and the reference does it this way.
  void bind(ModSeq modSeq) { bind(static_cast<std::int64_t>(modSeq.value)); }
  void bind(Side side) { bind(static_cast<std::int64_t>(side)); }
  void bind(const MailboxName& name) { bind(std::string_view(name.bytes())); }
  void bind(const Flags& flags) { bind(std::string_view(flags.text())); }

  template <typename Value>
  void bind(const std::optional<Value>& value) {
    value ? bind(*value) : void(++bound_);  // what nothing is bound to is NULL
  }

  int step();

  Database& database_;
  const char* sql_;
  sqlite3_stmt* statement_;
  int bound_ = 0;
};

}  // namespace interimap::store
