// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Messages that stay on one side: they are reported and do not stand in the way of others.
#include <ctime>

#include "store/database.h"

namespace interimap::store {

void Store::refuse(MailboxId id, Side source, Uid uid, Refusal kind, const std::string& reply) {
  std::string_view words = std::string_view(reply).substr(0, kMostReply);
  database_->filled(Rare::refused);
  Query(*database_, "INSERT OR REPLACE INTO ours_refused VALUES (?, ?, ?, ?, ?, ?)", id, source, uid,
        static_cast<std::int64_t>(kind), words, static_cast<std::int64_t>(std::time(nullptr)))
      .run();
}

void Store::unrefuse(MailboxId id, Side source, Uid uid) {
  if (database_->isEmpty(Rare::refused)) return;
  Query(*database_, "DELETE FROM ours_refused WHERE idx = ? AND side = ? AND UID = ?", id, source, uid).run();
}

std::vector<RefusedMessage> Store::refused(MailboxId id) const {
  std::vector<RefusedMessage> found;
  if (database_->isEmpty(Rare::refused)) return found;
  Query row(*database_,
            "SELECT side, UID, kind, reply, at FROM ours_refused WHERE idx = ? ORDER BY side, UID", id);
  while (row.next())
    found.push_back({row.side(0), row.uid(1), static_cast<Refusal>(row.integer(2, 0, 9)),
                     std::string(row.bytes(3)), row.integer(4)});
  return found;
}

UidSet Store::refusedUids(MailboxId id, Side source) const {
  UidSet found;
  if (database_->isEmpty(Rare::refused)) return found;
  Query row(*database_, "SELECT UID FROM ours_refused WHERE idx = ? AND side = ? ORDER BY UID", id, source);
  while (row.next()) found.add(row.uid(0));
  return found;
}

std::vector<MailboxId> Store::withRefused() const {
  std::vector<MailboxId> found;
  if (database_->isEmpty(Rare::refused)) return found;
  Query row(*database_, "SELECT DISTINCT idx FROM ours_refused ORDER BY idx");
  while (row.next()) found.push_back(row.mailboxId(0));
  return found;
}

std::vector<MailboxId> Store::withRetried() const {
  std::vector<MailboxId> found;
  if (database_->isEmpty(Rare::refused)) return found;
  Query row(*database_, "SELECT DISTINCT idx FROM ours_refused WHERE kind IN (?, ?, ?) ORDER BY idx",
            static_cast<std::int64_t>(Refusal::refused), static_cast<std::int64_t>(Refusal::unsent),
            static_cast<std::int64_t>(Refusal::apart));
  while (row.next()) found.push_back(row.mailboxId(0));
  return found;
}

std::vector<std::string> Store::whyOutside(MailboxId id, Side source) const {
  std::vector<std::string> found;
  if (database_->isEmpty(Rare::refused)) return found;
  Query row(*database_, "SELECT DISTINCT reply FROM ours_refused WHERE idx = ? AND side = ? AND kind = ?", id,
            source, static_cast<std::int64_t>(Refusal::outside));
  while (row.next()) found.emplace_back(row.bytes(0));
  return found;
}

}  // namespace interimap::store
