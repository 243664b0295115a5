// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Mailboxes that somebody has to decide about.
#include "store/database.h"

namespace interimap::store {

void Store::hold(MailboxId id, Side side, const std::string& reason) {
  database_->filled(Rare::held);
  Query(*database_, "INSERT OR REPLACE INTO ours_held (idx, reason, side) VALUES (?, ?, ?)", id,
        std::string_view(reason), side)
      .run();
}

std::optional<Held> Store::held(MailboxId id) const {
  if (database_->isEmpty(Rare::held)) return std::nullopt;
  Query row(*database_, "SELECT reason, side FROM ours_held WHERE idx = ?", id);
  if (!row.next()) return std::nullopt;
  return Held{row.integer(1) == 0 ? Side::local : Side::remote, std::string(row.bytes(0))};
}

void Store::setUnlike(MailboxId id, UidValidity local, UidValidity remote, const std::string& found) {
  Query(*database_, "INSERT OR REPLACE INTO ours_unlike VALUES (?, ?, ?, ?)", id, local, remote,
        std::string_view(found))
      .run();
}

std::optional<std::string> Store::unlike(MailboxId id, UidValidity local, UidValidity remote) const {
  Query row(*database_,
            "SELECT found FROM ours_unlike WHERE idx = ? AND lUIDVALIDITY = ? AND rUIDVALIDITY = ?", id,
            local, remote);
  if (!row.next()) return std::nullopt;
  return std::string(row.bytes(0));
}

void Store::setBrake(MailboxId id, Side side, const std::optional<Brake>& brake) {
  if (!brake && database_->isEmpty(Rare::brake)) return;
  if (!brake) return Query(*database_, "DELETE FROM ours_brake WHERE idx = ? AND side = ?", id, side).run();
  database_->filled(Rare::brake);
  Query(*database_, "INSERT OR REPLACE INTO ours_brake VALUES (?, ?, ?, ?)", id, side, brake->since,
        std::string_view(brake->uids.text()))
      .run();
}

std::optional<Brake> Store::brake(MailboxId id, Side side) const {
  if (database_->isEmpty(Rare::brake)) return std::nullopt;
  Query row(*database_, "SELECT since, uids FROM ours_brake WHERE idx = ? AND side = ?", id, side);
  if (!row.next()) return std::nullopt;
  return Brake{row.integer(0), UidSet::parse(row.bytes(1)).value_or(UidSet())};
}

std::vector<MailboxId> Store::withBrake() const {
  std::vector<MailboxId> ids;
  if (database_->isEmpty(Rare::brake)) return ids;
  Query row(*database_, "SELECT DISTINCT idx FROM ours_brake ORDER BY idx");
  while (row.next()) ids.push_back({row.integer(0)});
  return ids;
}

std::uint32_t Store::countHeld() const {
  if (isNew() || version() == 0) return 0;
  Query row(*database_, "SELECT (SELECT COUNT(*) FROM ours_held) + (SELECT COUNT(*) FROM ours_brake)");
  return row.next() ? static_cast<std::uint32_t>(row.integer(0, 0, 0xffffffffU)) : 0;
}

void Store::setMarked(MailboxId id, Side side, const std::optional<Marked>& marked) {
  if (!marked && database_->isEmpty(Rare::marked)) return;
  if (!marked) return Query(*database_, "DELETE FROM ours_marked WHERE idx = ? AND side = ?", id, side).run();
  database_->filled(Rare::marked);
  Query(*database_, "INSERT OR REPLACE INTO ours_marked VALUES (?, ?, ?, ?, ?)", id, side,
        marked->uidValidity, marked->at, std::string_view(marked->uids.text()))
      .run();
}

std::optional<Marked> Store::marked(MailboxId id, Side side) const {
  if (database_->isEmpty(Rare::marked)) return std::nullopt;
  Query row(*database_, "SELECT UIDVALIDITY, at, uids FROM ours_marked WHERE idx = ? AND side = ?", id, side);
  if (!row.next()) return std::nullopt;
  Marked marked{UidValidity{static_cast<std::uint32_t>(row.integer(0, 1, 0xffffffffU))}, row.integer(1), {}};
  std::string text(row.bytes(2));
  auto uids = UidSet::parse(text);
  if (!uids && !text.empty()) throw database_->refused("UIDs that are none");
  if (uids) marked.uids = std::move(*uids);
  return marked;
}

std::vector<MailboxId> Store::withMarked() const {
  std::vector<MailboxId> found;
  if (database_->isEmpty(Rare::marked)) return found;
  Query row(*database_, "SELECT DISTINCT idx FROM ours_marked ORDER BY idx");
  while (row.next()) found.push_back(row.mailboxId(0));
  return found;
}

}  // namespace interimap::store
