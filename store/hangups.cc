// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What servers were asked for when connections to them were lost.
#include "store/database.h"

namespace interimap::store {

namespace {

std::string_view shortened(const std::string& words) {
  return std::string_view(words).substr(0, Store::kMostReply);
}

std::vector<Hangup> read(const Database& database, Query& row) {
  std::vector<Hangup> found;
  while (row.next()) {
    auto uids = UidSet::parse(row.bytes(4));
    if (!uids && !row.bytes(4).empty()) throw database.refused("UIDs that are none");
    found.push_back({row.integer(0), row.mailboxId(1), row.side(2),
                     static_cast<Hangup::Asked>(row.integer(3, 0, 4)), uids.value_or(UidSet()),
                     static_cast<unsigned>(row.integer(5, 0, Hangup::kProven)), row.integer(6),
                     std::string(row.bytes(7))});
  }
  return found;
}

}  // namespace

void Store::addHangup(const Hangup& hangup) {
  database_->filled(Rare::hangups);
  Query(*database_,
        "INSERT INTO ours_hangups (idx, side, asked, uids, alone, at, words) VALUES (?, ?, ?, ?, ?, ?, ?)",
        hangup.mailbox, hangup.side, static_cast<std::int64_t>(hangup.asked),
        std::string_view(hangup.uids.text()), static_cast<std::int64_t>(hangup.alone), hangup.at,
        shortened(hangup.words))
      .run();
}

void Store::putHangup(const Hangup& hangup) {
  Query(*database_, "UPDATE ours_hangups SET uids = ?2, alone = ?3, at = ?4, words = ?5 WHERE id = ?1",
        hangup.id, std::string_view(hangup.uids.text()), static_cast<std::int64_t>(hangup.alone), hangup.at,
        shortened(hangup.words))
      .run();
}

void Store::forgetHangup(std::int64_t id) {
  Query(*database_, "DELETE FROM ours_hangups WHERE id = ?", id).run();
}

std::vector<Hangup> Store::hangups() const {
  if (database_->isEmpty(Rare::hangups)) return {};
  Query row(*database_, "SELECT id, idx, side, asked, uids, alone, at, words FROM ours_hangups ORDER BY id");
  return read(*database_, row);
}

std::vector<Hangup> Store::hangups(MailboxId id) const {
  if (database_->isEmpty(Rare::hangups)) return {};
  Query row(*database_,
            "SELECT id, idx, side, asked, uids, alone, at, words FROM ours_hangups WHERE idx = ? ORDER BY id",
            id);
  return read(*database_, row);
}

}  // namespace interimap::store
