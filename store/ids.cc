// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What servers call their messages: one row for many, as there is one for each message of either side.
#include <algorithm>
#include <cstring>
#include <iterator>
#include <string>
#include <tuple>

#include "store/database.h"
#include "store/store.h"

namespace interimap::store {

namespace {

constexpr std::size_t kMostInRow = 512, kOctets = std::tuple_size_v<ServerId>;

ServerId idAt(std::string_view ids, std::size_t at) {
  ServerId id;
  std::memcpy(id.data(), ids.data() + at * kOctets, kOctets);
  return id;
}

UidSet readUids(const Database& database, const Query& row, int uids, int ids) {
  auto set = UidSet::parse(row.bytes(uids));
  if (!set || row.bytes(ids).size() != set->size() * kOctets)
    throw database.refused("names of messages that are none");
  return *set;
}

void insert(Database& database, MailboxId id, Side side, std::span<const Named> named) {
  UidSet uids;
  std::string ids;
  for (const Named& it : named) {
    uids.add(it.uid);
    ids.append(reinterpret_cast<const char*>(it.id.data()), kOctets);
  }
  Query(database, "INSERT OR REPLACE INTO ours_ids (idx, side, last, uids, ids) VALUES (?, ?, ?, ?, ?)", id,
        side, uids.last(), std::string_view(uids.text()), std::string_view(ids))
      .run();
}

// Of the rows from the one with that last UID on.
std::vector<Named> read(Database& database, MailboxId id, Side side, std::int64_t from) {
  std::vector<Named> named;
  Query row(database, "SELECT uids, ids FROM ours_ids WHERE idx = ? AND side = ? AND last >= ? ORDER BY last",
            id, side, from);
  while (row.next()) {
    std::size_t at = 0;
    for (Uid uid : readUids(database, row, 0, 1).each()) named.push_back({uid, idAt(row.bytes(1), at++)});
  }
  return named;
}

void remove(Database& database, MailboxId id, Side side, std::int64_t from) {
  Query(database, "DELETE FROM ours_ids WHERE idx = ? AND side = ? AND last >= ?", id, side, from).run();
}

}  // namespace

// They are put into the last row as long as there is room. Where most of what is known is of messages that
// are gone, that is thrown away before another row is begun.
void Store::addIds(MailboxId id, Side side, std::span<const Named> named) {
  UidSet known = identified(id, side);
  std::vector<Named> fresh;
  std::ranges::copy_if(named, std::back_inserter(fresh),
                       [&](const Named& it) { return !known.contains(it.uid); });
  if (fresh.empty()) return;
  std::int64_t from = -1;
  if (!known.empty()) {
    Query row(*database_, "SELECT max(last) FROM ours_ids WHERE idx = ? AND side = ?", id, side);
    if (row.next() && !row.isNull(0)) from = row.integer(0);
  }
  std::vector<Named> all;
  if (from >= 0) all = read(*database_, id, side, from);
  if (all.size() + fresh.size() > kMostInRow) {
    const UidSet mapped = this->mapped(id, side);
    if (known.size() > 2 * mapped.size() + kMostInRow) {
      all = read(*database_, id, side, from = 0);
      std::erase_if(all, [&](const Named& it) { return !mapped.contains(it.uid); });
    } else if (all.size() == kMostInRow) {
      all.clear();
      from = -1;
    }
  }
  if (from >= 0) remove(*database_, id, side, from);
  all.insert(all.end(), fresh.begin(), fresh.end());
  std::ranges::sort(all, {}, &Named::uid);
  for (std::size_t at = 0; at < all.size(); at += kMostInRow)
    insert(*database_, id, side, std::span(all).subspan(at, std::min(kMostInRow, all.size() - at)));
}

UidSet Store::identified(MailboxId id, Side side) const {
  UidSet uids;
  Query row(*database_, "SELECT uids, ids FROM ours_ids WHERE idx = ? AND side = ? ORDER BY last", id, side);
  while (row.next()) uids.add(readUids(*database_, row, 0, 1));
  return uids;
}

std::vector<Store::Called> Store::find(Side side, std::span<const ServerId> names) const {
  std::vector<Called> found;
  if (names.empty()) return found;
  Query row(*database_, "SELECT idx, uids, ids FROM ours_ids WHERE side = ? ORDER BY idx, last", side);
  while (row.next()) {
    const std::string_view ids = row.bytes(2);
    std::vector<std::size_t> at;
    for (std::size_t i = 0; i < ids.size() / kOctets; ++i)
      if (std::ranges::binary_search(names, idAt(ids, i))) at.push_back(i);
    if (at.empty()) continue;
    std::size_t i = 0, next = 0;
    for (Uid uid : readUids(*database_, row, 1, 2).each()) {
      if (next < at.size() && at[next] == i) {
        found.push_back({idAt(ids, i), row.mailboxId(0), uid});
        ++next;
      }
      ++i;
    }
  }
  return found;
}

}  // namespace interimap::store
