// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Databases opened beside the program.
#pragma once

#include <string>

#include "tests/e2e/directory.h"

namespace interimap::bed {

// Executes the statements; rows as lines, columns between "|", NULL as nothing. Throws what SQLite says.
std::string sql(const fs::path& database, const std::string& statements);

// What the program knows of mailboxes and messages, in an order that does not depend on row ids.
std::string mappedMessages(const fs::path& database);  // "name in hex|lUID|rUID", a line each

// Somebody else holds the database until this ends.
class Locked {
 public:
  explicit Locked(const fs::path& database);
  ~Locked();
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;

 private:
  void* handle_;
};

}  // namespace interimap::bed
