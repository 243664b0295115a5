// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The messages of the state: settled, open, in the hands of delivery.
#include <algorithm>
#include <cstring>

#include "store/database.h"
#include "store/pull_state.h"

namespace interimap::store {

namespace {

std::string_view octetsOf(const HeaderDigest& header) {
  return {reinterpret_cast<const char*>(header.data()), header.size()};
}

Identity identityAt(const Query& row, int column) {
  Identity identity;
  std::string_view header = row.bytes(column);
  std::memcpy(identity.header.data(), header.data(), std::min(header.size(), identity.header.size()));
  identity.date = row.integer(column + 1);
  identity.size = row.integer(column + 2, 0, INT64_MAX);
  return identity;
}

UidSet uidsOf(Query& row) {
  UidSet uids;
  while (row.next()) uids.add(row.uid(0));
  return uids;
}

}  // namespace

bool OpenMessage::has(Fate fate) const {
  return std::ranges::any_of(fates, [&](const RecipientFate& each) { return each.fate == fate; });
}

void PullState::settle(MailboxId id, const SettledMessage& message) {
  Query(*database_,
        "INSERT INTO settled (idx, UID, how, seen, header, date, size) VALUES (?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (idx,UID) DO UPDATE SET header = excluded.header, date = excluded.date, "
        "size = excluded.size",
        id, message.uid, static_cast<std::int64_t>(message.how), std::int64_t{message.seen},
        octetsOf(message.identity.header), message.identity.date,
        static_cast<std::int64_t>(message.identity.size))
      .run();
  drop(id, message.uid);
  takeBack(id, message.uid);
}

std::vector<SettledMessage> PullState::settled(MailboxId id, UidNext from) const {
  std::vector<SettledMessage> found;
  Query row(*database_,
            "SELECT UID, how, seen, header, date, size FROM settled WHERE idx = ? AND UID >= ? ORDER BY UID",
            id, from);
  while (row.next())
    found.push_back(
        {row.uid(0), static_cast<Settlement>(row.integer(1, 0, 2)), identityAt(row, 3), row.integer(2) != 0});
  return found;
}

UidSet PullState::settledUids(MailboxId id, UidNext from) const {
  Query row(*database_, "SELECT UID FROM settled WHERE idx = ? AND UID >= ? ORDER BY UID", id, from);
  return uidsOf(row);
}

UidSet PullState::unseen(MailboxId id) const {
  Query row(*database_, "SELECT UID FROM settled WHERE idx = ? AND seen = 0 ORDER BY UID", id);
  return uidsOf(row);
}

void PullState::setSeen(MailboxId id, const UidSet& uids) {
  for (UidSet::Range range : uids.ranges())
    Query(*database_, "UPDATE settled SET seen = 1 WHERE idx = ? AND UID BETWEEN ? AND ? AND seen = 0", id,
          std::int64_t{range.first}, std::int64_t{range.last})
        .run();
}

UidSet PullState::purgeable(MailboxId id) const {
  Query row(*database_, "SELECT UID FROM settled WHERE idx = ? AND how != ? ORDER BY UID", id,
            static_cast<std::int64_t>(Settlement::skipped));
  return uidsOf(row);
}

void PullState::forget(MailboxId id, const UidSet& uids) {
  for (UidSet::Range range : uids.ranges())
    Query(*database_, "DELETE FROM settled WHERE idx = ? AND UID BETWEEN ? AND ?", id,
          std::int64_t{range.first}, std::int64_t{range.last})
        .run();
}

void PullState::put(MailboxId id, const OpenMessage& message) {
  drop(id, message.uid);
  takeBack(id, message.uid);
  Query(*database_, "INSERT INTO open VALUES (?, ?, ?, ?, ?, ?, ?, ?)", id, message.uid,
        octetsOf(message.identity.header), message.identity.date,
        static_cast<std::int64_t>(message.identity.size), std::int64_t{message.attempts}, message.next,
        std::int64_t{message.marked})
      .run();
  for (const RecipientFate& each : message.fates)
    Query(*database_, "INSERT OR REPLACE INTO fates VALUES (?, ?, ?, ?, ?, ?)", id, message.uid,
          std::string_view(each.recipient), static_cast<std::int64_t>(each.fate),
          std::string_view(each.reply).substr(0, kMostReply), each.at)
        .run();
}

void PullState::setMarked(MailboxId id, Uid uid, bool marked) {
  Query(*database_, "UPDATE open SET marked = ? WHERE idx = ? AND UID = ?", std::int64_t{marked}, id, uid)
      .run();
}

void PullState::drop(MailboxId id, Uid uid) {
  Query(*database_, "DELETE FROM fates WHERE idx = ? AND UID = ?", id, uid).run();
  Query(*database_, "DELETE FROM open WHERE idx = ? AND UID = ?", id, uid).run();
}

std::vector<OpenMessage> PullState::open(MailboxId id) const {
  std::vector<OpenMessage> found;
  Query row(*database_,
            "SELECT UID, header, date, size, attempts, next, marked FROM open WHERE idx = ? ORDER BY UID",
            id);
  while (row.next()) {
    OpenMessage message{row.uid(0),     identityAt(row, 1),  static_cast<std::uint32_t>(row.integer(4)),
                        row.integer(5), row.integer(6) != 0, {}};
    Query fate(*database_, "SELECT recipient, fate, reply, at FROM fates WHERE idx = ? AND UID = ?", id,
               message.uid);
    while (fate.next())
      message.fates.push_back({std::string(fate.bytes(0)), static_cast<Fate>(fate.integer(1, 0, 3)),
                               std::string(fate.bytes(2)), fate.integer(3)});
    found.push_back(std::move(message));
  }
  return found;
}

std::optional<std::int64_t> PullState::nextDue() const {
  Query row(*database_,
            "SELECT min(next) FROM open WHERE EXISTS (SELECT 1 FROM fates WHERE fates.idx = open.idx "
            "AND fates.UID = open.UID AND fate IN (1, 3))");
  if (!row.next() || row.isNull(0)) return std::nullopt;
  return row.integer(0);
}

void PullState::handOver(MailboxId id, Uid uid) {
  Query(*database_, "INSERT OR IGNORE INTO hands VALUES (?, ?)", id, uid).run();
}

void PullState::takeBack(MailboxId id, Uid uid) {
  Query(*database_, "DELETE FROM hands WHERE idx = ? AND UID = ?", id, uid).run();
}

UidSet PullState::handedOver(MailboxId id) const {
  Query row(*database_, "SELECT UID FROM hands WHERE idx = ? ORDER BY UID", id);
  return uidsOf(row);
}

}  // namespace interimap::store
