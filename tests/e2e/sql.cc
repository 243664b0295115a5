// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/e2e/sql.h"

#include <sqlite3.h>
#include <unistd.h>

#include <memory>
#include <stdexcept>

#include "tests/e2e/process.h"

namespace interimap::bed {
namespace {

struct Close {
  void operator()(sqlite3* handle) const { sqlite3_close(handle); }
};
using Handle = std::unique_ptr<sqlite3, Close>;

Handle open(const fs::path& database) {
  sqlite3* handle = nullptr;
  int status = sqlite3_open(database.c_str(), &handle);
  Handle result(handle);
  if (status != SQLITE_OK) throw std::runtime_error(database.string() + ": cannot open");
  sqlite3_busy_timeout(handle, 10'000);
  return result;
}

int appendRow(void* to, int columns, char** values, char**) {
  auto& text = *static_cast<std::string*>(to);
  for (int i = 0; i < columns; ++i) text += (i == 0 ? "" : "|") + std::string(values[i] ? values[i] : "");
  text += '\n';
  return 0;
}

}  // namespace

std::string sql(const fs::path& database, const std::string& statements) {
  bool isNew = !fs::exists(database);
  Handle handle = open(database);
  std::string rows;
  if (sqlite3_exec(handle.get(), statements.c_str(), appendRow, &rows, nullptr) != SQLITE_OK)
    throw std::runtime_error(statements + ": " + sqlite3_errmsg(handle.get()));
  if (isNew && geteuid() == 0 && chown(database.c_str(), mailUser().uid, mailUser().gid) != 0)
    throw std::runtime_error(database.string() + ": cannot chown");
  return rows;
}

std::string mappedMessages(const fs::path& database) {
  return sql(database,
             "SELECT hex(mailbox), lUID, rUID FROM mapping JOIN mailboxes USING (idx) ORDER BY 1, 2, 3");
}

Locked::Locked(const fs::path& database) {
  Handle handle = open(database);
  if (sqlite3_exec(handle.get(), "BEGIN EXCLUSIVE", nullptr, nullptr, nullptr) != SQLITE_OK)
    throw std::runtime_error(database.string() + ": " + sqlite3_errmsg(handle.get()));
  handle_ = handle.release();
}

Locked::~Locked() { sqlite3_close(static_cast<sqlite3*>(handle_)); }

}  // namespace interimap::bed
