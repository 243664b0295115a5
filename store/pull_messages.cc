// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The messages of the state: settled, open, in the hands of delivery.
#include <algorithm>

#include "store/database.h"
#include "store/pull_state.h"

namespace interimap::store {

namespace {

// Of all kinds of digests; one that is all zero is not known, and takes no room.
std::string_view octetsOf(const HeaderDigest& digest) {
  if (digest == HeaderDigest{}) return "";
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

HeaderDigest digestAt(const Query& row, int column) {
  HeaderDigest digest{};
  std::string_view octets = row.bytes(column);
  std::copy_n(octets.begin(), std::min(octets.size(), digest.size()), digest.begin());
  return digest;
}

Identity identityAt(const Query& row, int column) {
  return {digestAt(row, column), row.integer(column + 1), row.integer(column + 2, 0, INT64_MAX)};
}

std::vector<SettledMessage> settledOf(Query& row) {
  std::vector<SettledMessage> found;
  while (row.next())
    found.push_back({row.uid(0), static_cast<Settlement>(row.integer(1, 0, 3)), identityAt(row, 3),
                     row.integer(2) != 0, digestAt(row, 6), digestAt(row, 7)});
  return found;
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

// What is known of a content stays where a message is settled again by its header.
void PullState::settle(MailboxId id, const SettledMessage& message) {
  Query(*database_,
        "INSERT INTO settled (idx, UID, how, seen, header, date, size, content, hop) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (idx,UID) DO UPDATE SET header = excluded.header, date = excluded.date, "
        "size = excluded.size, content = max(content, excluded.content), hop = max(hop, excluded.hop)",
        id, message.uid, static_cast<std::int64_t>(message.how), std::int64_t{message.seen},
        octetsOf(message.identity.header), message.identity.date,
        static_cast<std::int64_t>(message.identity.size), octetsOf(message.content), octetsOf(message.hop))
      .run();
  drop(id, message.uid);
  takeBack(id, message.uid);
}

std::vector<SettledMessage> PullState::settled(MailboxId id, UidNext from) const {
  Query row(*database_,
            "SELECT UID, how, seen, header, date, size, content, hop FROM settled "
            "WHERE idx = ? AND UID >= ? ORDER BY UID",
            id, from);
  return settledOf(row);
}

std::uint64_t PullState::countSettled(MailboxId id, Settlement how) const {
  Query row(*database_, "SELECT count(*) FROM settled WHERE idx = ? AND how = ?", id,
            static_cast<std::int64_t>(how));
  return row.next() ? static_cast<std::uint64_t>(row.integer(0)) : 0;
}

std::vector<SettledMessage> PullState::newestSettled(MailboxId id, std::size_t most) const {
  Query row(*database_,
            "SELECT UID, how, seen, header, date, size, content, hop FROM settled "
            "WHERE idx = ? ORDER BY UID DESC LIMIT ?",
            id, static_cast<std::int64_t>(most));
  return settledOf(row);
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

std::vector<std::pair<Uid, ContentDigest>> PullState::purgeable(MailboxId id) const {
  std::vector<std::pair<Uid, ContentDigest>> found;
  Query row(*database_, "SELECT UID, content FROM settled WHERE idx = ? AND how = ? ORDER BY UID", id,
            static_cast<std::int64_t>(Settlement::delivered));
  while (row.next()) found.emplace_back(row.uid(0), digestAt(row, 1));
  return found;
}

void PullState::setPurged(MailboxId id, const UidSet& uids) {
  for (UidSet::Range range : uids.ranges())
    Query(*database_, "UPDATE settled SET how = ?, seen = 1 WHERE idx = ? AND UID BETWEEN ? AND ?",
          static_cast<std::int64_t>(Settlement::purged), id, std::int64_t{range.first},
          std::int64_t{range.last})
        .run();
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
  Query(*database_, "INSERT INTO open VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", id, message.uid,
        octetsOf(message.identity.header), message.identity.date,
        static_cast<std::int64_t>(message.identity.size), std::int64_t{message.attempts}, message.next,
        std::int64_t{message.marked}, octetsOf(message.content))
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
  Query row(
      *database_,
      "SELECT UID, header, date, size, attempts, next, marked, content FROM open WHERE idx = ? ORDER BY UID",
      id);
  while (row.next()) {
    OpenMessage message{row.uid(0),      identityAt(row, 1),  static_cast<std::uint32_t>(row.integer(4)),
                        row.integer(5),  row.integer(6) != 0, {},
                        digestAt(row, 7)};
    Query fate(*database_, "SELECT recipient, fate, reply, at FROM fates WHERE idx = ? AND UID = ?", id,
               message.uid);
    while (fate.next())
      message.fates.push_back({std::string(fate.bytes(0)), static_cast<Fate>(fate.integer(1, 0, 4)),
                               std::string(fate.bytes(2)), fate.integer(3)});
    found.push_back(std::move(message));
  }
  return found;
}

Undelivered PullState::undelivered(MailboxId id) const {
  Query row(*database_,
            "SELECT count(*), count(*) FILTER (WHERE waits = 0) FROM (SELECT max(fate IN (1, 3, 4)) AS waits "
            "FROM fates WHERE idx = ? GROUP BY UID)",
            id);
  if (!row.next()) return {};
  std::uint64_t all = row.integer(0, 0, INT64_MAX), refused = row.integer(1, 0, INT64_MAX);
  return {all - refused, refused};
}

std::optional<std::int64_t> PullState::nextDue() const {
  Query row(*database_,
            "SELECT min(next) FROM open WHERE EXISTS (SELECT 1 FROM fates WHERE fates.idx = open.idx "
            "AND fates.UID = open.UID AND fate IN (1, 3, 4))");
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
