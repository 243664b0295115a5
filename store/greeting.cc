// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include <ctime>

#include "store/database.h"
#include "store/store.h"

namespace interimap::store {

namespace {

// Seconds. A server that does not like a login ahead of its greeting is asked for one no more often than
// this.
constexpr std::int64_t kMonth = 30LL * 24 * 60 * 60;

}  // namespace

std::string Store::greeting(Side side) const {
  if (isNew() || version() == 0) return "";
  Query row(*database_, "SELECT greeting FROM ours_greeting WHERE side = ? AND waits < ?", side,
            std::int64_t{std::time(nullptr)});
  return row.next() ? std::string(row.bytes(0)) : "";
}

void Store::putGreeting(Side side, const std::string& greeting) {
  {
    Query row(*database_, "SELECT greeting FROM ours_greeting WHERE side = ?", side);
    if (row.next() ? row.bytes(0) == greeting : greeting.empty()) return;
  }
  Transaction transaction = begin();
  Query(*database_, "INSERT OR REPLACE INTO ours_greeting VALUES (?, ?, 0)", side, greeting).run();
  transaction.commit("greeting");
}

void Store::waitForGreeting(Side side) {
  Transaction transaction = begin();
  Query(*database_, "UPDATE ours_greeting SET waits = ? WHERE side = ?", std::time(nullptr) + kMonth, side)
      .run();
  transaction.commit("greeting");
}

}  // namespace interimap::store
