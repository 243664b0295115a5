// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include <algorithm>

#include "store/database.h"
#include "store/store.h"

namespace interimap::store {

void Store::setLandmarks(MailboxId id, Side side, const std::map<Uid, HeaderDigest>& headers) {
  Query(*database_, "DELETE FROM ours_landmarks WHERE idx = ? AND side = ?", id, side).run();
  for (const auto& [uid, header] : headers)
    Query(*database_, "INSERT INTO ours_landmarks VALUES (?, ?, ?, ?)", id, side, uid,
          std::string_view(reinterpret_cast<const char*>(header.data()), header.size()))
        .run();
}

std::map<Uid, HeaderDigest> Store::landmarks(MailboxId id, Side side) const {
  std::map<Uid, HeaderDigest> found;
  Query row(*database_, "SELECT UID, header FROM ours_landmarks WHERE idx = ? AND side = ?", id, side);
  while (row.next()) {
    HeaderDigest header;
    if (row.bytes(1).size() != header.size()) throw database_->refused("a header digest of the wrong length");
    std::ranges::copy(row.bytes(1), reinterpret_cast<char*>(header.data()));
    found.emplace(row.uid(0), header);
  }
  return found;
}

}  // namespace interimap::store
