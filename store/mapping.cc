// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Which UID here is which UID there, and the flags both last agreed on.
#include <algorithm>
#include <span>
#include <string>

#include "store/database.h"

namespace interimap::store {

namespace {

constexpr std::int64_t kForgottenAtOnce = 16384;

// UIDs that are read in advance, and those that may be missing in between.
constexpr std::uint32_t kMostAhead = 512, kGap = 8;

// Pairs in one INSERT. None of them is inserted if one is refused.
template <std::size_t count>
bool insert(Database& database, MailboxId id, std::span<const Pair> pairs) {
  auto withRows = [](std::string sql) {
    for (std::size_t i = 0; i < count; ++i) sql += i == 0 ? "(?, ?, ?)" : ", (?, ?, ?)";
    return sql;
  };
  static const std::string kMapping = withRows("INSERT INTO mapping (idx, lUID, rUID) VALUES "),
                           kBase = withRows("INSERT OR REPLACE INTO ours_base (idx, lUID, flags) VALUES ");
  Query mapping(database, kMapping.c_str()), base(database, kBase.c_str());
  for (const Pair& pair : pairs.first(count)) {
    mapping.with(id, pair.local, pair.remote);
    base.with(id, pair.local, pair.base.value());
  }
  if (!mapping.accepted()) return false;
  base.run();
  return true;
}

Pair readPair(const Query& row) {
  Pair pair{row.uid(0), row.uid(1), std::nullopt};
  if (!row.isNull(2)) pair.base = row.flags(2);
  return pair;
}

}  // namespace

void Store::map(MailboxId id, Uid local, Uid remote, const std::optional<Flags>& base) {
  if (tryMap(id, local, remote, base)) return;
  std::string reason = database_->lastError();
  throw database_->refused("pair (lUID,rUID) = (" + std::to_string(local.value()) + "," +
                           std::to_string(remote.value()) + ") of " + pretty(id) +
                           " cannot be recorded: " + reason);
}

bool Store::tryMap(MailboxId id, Uid local, Uid remote, const std::optional<Flags>& base) {
  Query insert(*database_, "INSERT INTO mapping (idx, lUID, rUID) VALUES (?, ?, ?)", id, local, remote);
  if (!insert.accepted()) return false;
  if (base) setBase(id, local, *base);
  return true;
}

std::size_t Store::tryMap(MailboxId id, std::span<const Pair> pairs) {
  std::span<const Pair> left = pairs;
  while (left.size() >= 32 && insert<32>(*database_, id, left)) left = left.subspan(32);
  while (left.size() >= 8 && insert<8>(*database_, id, left)) left = left.subspan(8);
  while (!left.empty() && insert<1>(*database_, id, left)) left = left.subspan(1);
  return pairs.size() - left.size();
}

void Store::unmap(MailboxId id, Uid local) {
  Query(*database_, "DELETE FROM mapping WHERE idx = ? AND lUID = ?", id, local).run();
  Query(*database_, "DELETE FROM ours_base WHERE idx = ? AND lUID = ?", id, local).run();
}

// Piece by piece: SQLite remembers every row that a statement is about to delete.
void Store::forgetPairs(MailboxId id) {
  auto endOfPiece = [&] {
    Query row(*database_,
              "SELECT max(lUID) FROM (SELECT lUID FROM mapping WHERE idx = ? ORDER BY lUID LIMIT ?)", id,
              kForgottenAtOnce);
    return row.next() && !row.isNull(0) ? row.integer(0) : 0;
  };
  while (std::int64_t end = endOfPiece())
    for (const char* sql : {"DELETE FROM mapping WHERE idx = ? AND lUID <= ?",
                            "DELETE FROM ours_base WHERE idx = ? AND lUID <= ?"})
      Query(*database_, sql, id, end).run();
  for (Side side : {Side::local, Side::remote}) disown(id, side);
  for (const char* sql :
       {"UPDATE ours_strays SET UID = 0, uidnext = 1 WHERE idx = ?", "DELETE FROM ours_base WHERE idx = ?",
        "DELETE FROM ours_ids WHERE idx = ?", "DELETE FROM ours_intents WHERE idx = ?",
        "DELETE FROM ours_held WHERE idx = ?", "DELETE FROM ours_unlike WHERE idx = ?",
        "DELETE FROM ours_brake WHERE idx = ?", "DELETE FROM ours_copied WHERE idx = ?",
        "DELETE FROM ours_landmarks WHERE idx = ?", "DELETE FROM ours_marked WHERE idx = ?"})
    Query(*database_, sql, id).run();
}

std::optional<Uid> Store::partner(MailboxId id, Side side, Uid uid) const {
  Query row(*database_,
            side == Side::local ? "SELECT rUID FROM mapping WHERE idx = ? AND lUID = ?"
                                : "SELECT lUID FROM mapping WHERE idx = ? AND rUID = ?",
            id, uid);
  if (!row.next()) return std::nullopt;
  return row.uid(0);
}

std::uint64_t Store::count(MailboxId id) const {
  Query row(*database_, "SELECT count(*) FROM mapping WHERE idx = ?", id);
  return row.next() ? static_cast<std::uint64_t>(row.integer(0)) : 0;
}

UidSet Store::mapped(MailboxId id, Side side, UidNext from) const {
  UidSet found;
  forEachMapped(
      id, side, [&](Uid uid) { found.add(uid); }, from);
  return found;
}

void Store::forEachMapped(MailboxId id, Side side, const std::function<void(Uid)>& visit,
                          UidNext from) const {
  Query row(*database_,
            side == Side::local ? "SELECT lUID FROM mapping WHERE idx = ? AND lUID >= ? ORDER BY lUID"
                                : "SELECT rUID FROM mapping WHERE idx = ? AND rUID >= ? ORDER BY rUID",
            id, from);
  while (row.next()) visit(row.uid(0));
}

UidSet Store::newest(MailboxId id, Side side, std::size_t most) const {
  Query row(*database_,
            side == Side::local ? "SELECT lUID FROM mapping WHERE idx = ? ORDER BY lUID DESC LIMIT ?"
                                : "SELECT rUID FROM mapping WHERE idx = ? ORDER BY rUID DESC LIMIT ?",
            id, static_cast<std::int64_t>(most));
  std::vector<Uid> descending;
  while (row.next()) descending.push_back(row.uid(0));
  UidSet found;
  std::for_each(descending.rbegin(), descending.rend(), [&](Uid uid) { found.add(uid); });
  return found;
}

UidNext Store::leastNext(MailboxId id, Side side) const {
  UidNext least{1};
  for (const UidSet& seen : {newest(id, side, 1), refusedUids(id, side)})
    if (!seen.empty()) least = std::max(least, UidNext{seen.last().value() + std::uint64_t{1}});
  if (Journal from = journal(id, other(side)); !from.intents.empty())
    least = std::max(least, UidNext{from.intents.back().source.value() + std::uint64_t{1}});
  if (Journal to = journal(id, side); !to.intents.empty()) least = std::max(least, to.targetNext);
  return least;
}

std::vector<Pair> Store::pairs(MailboxId id, Side side, const UidSet& uids) const {
  std::vector<Pair> found;
  for (UidSet::Range range : uids.ranges()) {
    Query row(*database_,
              side == Side::local
                  ? "SELECT lUID, rUID, flags FROM mapping LEFT JOIN ours_base USING (idx, lUID) "
                    "WHERE idx = ? AND lUID BETWEEN ? AND ? ORDER BY lUID"
                  : "SELECT lUID, rUID, flags FROM mapping LEFT JOIN ours_base USING (idx, lUID) "
                    "WHERE idx = ? AND rUID BETWEEN ? AND ? ORDER BY rUID",
              id, std::int64_t{range.first}, std::int64_t{range.last});
    while (row.next()) found.push_back(readPair(row));
  }
  return found;
}

std::optional<Flags> Store::base(MailboxId id, Uid local) const {
  Query row(*database_, "SELECT flags FROM ours_base WHERE idx = ? AND lUID = ?", id, local);
  if (!row.next()) return std::nullopt;
  return row.flags(0);
}

std::optional<Flags> Store::base(MailboxId id, Side side, Uid uid) const {
  bool isRead = ahead_.id == id && ahead_.side == side && ahead_.writes == database_->writes() &&
                ahead_.range.first <= uid.value() && uid.value() <= ahead_.range.last;
  if (!isRead) {
    UidSet::Range range{uid.value(),
                        uid.value() + std::min(aheadOf(id, side, uid), 0xffffffffU - uid.value())};
    ahead_ = {
        id, side, 0, range, database_->writes(), pairs(id, side, UidSet::range(range.first, range.last))};
  }
  ahead_.asked = uid.value();
  auto uidOf = [side](const Pair& pair) { return side == Side::local ? pair.local : pair.remote; };
  auto it = std::ranges::lower_bound(ahead_.pairs, uid, {}, uidOf);
  return it != ahead_.pairs.end() && uidOf(*it) == uid ? it->base : std::nullopt;
}

// UIDs behind this one that are likely to be asked for next: none unless it follows the former one itself.
std::uint32_t Store::aheadOf(MailboxId id, Side side, Uid uid) const {
  std::uint32_t former = ahead_.asked;
  bool follows = ahead_.id == id && ahead_.side == side && former != 0 && former < uid.value() &&
                 uid.value() - former <= kGap;
  return follows ? std::min(kMostAhead, 2 * (ahead_.range.last - ahead_.range.first + 1)) : 0;
}

void Store::setBase(MailboxId id, Uid local, const Flags& flags) {
  Query(*database_, "INSERT OR REPLACE INTO ours_base VALUES (?, ?, ?)", id, local, flags).run();
}

}  // namespace interimap::store
