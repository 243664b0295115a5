// The journal: APPENDs that may or may not have reached their target.
#include <algorithm>
#include <ctime>

#include "store/database.h"

namespace interimap::store {

namespace {

HeaderDigest digest(const Database& database, std::string_view bytes) {
  HeaderDigest header{};
  if (bytes.size() != header.size()) throw database.refused("a header digest of the wrong length");
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(header.data()));
  return header;
}

}  // namespace

void Store::intend(MailboxId id, Side target, UidNext targetNext, std::span<const Intent> intents) {
  std::int64_t now = std::time(nullptr);
  for (const Intent& intent : intents) {
    const Identity& identity = intent.identity.value();
    std::string_view header(reinterpret_cast<const char*>(identity.header.data()), identity.header.size());
    // A copy of an earlier attempt has a UID from the earlier UIDNEXT on.
    Query(*database_,
          "INSERT INTO ours_journal (idx, side, uidnext, sourceUID, header, date, size, flags, at) "
          "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (idx, side, sourceUID) DO UPDATE SET "
          "uidnext = min(uidnext, excluded.uidnext), header = excluded.header, date = excluded.date, "
          "size = excluded.size, flags = excluded.flags, at = excluded.at",
          id, target, targetNext, intent.source, header, identity.date,
          static_cast<std::int64_t>(identity.size), intent.flags, now)
        .run();
  }
}

void Store::intend(MailboxId id, Side target, UidNext targetNext, const UidSet& sources) {
  std::int64_t now = std::time(nullptr);
  for (Uid source : sources.each())
    Query(*database_,
          "INSERT INTO ours_journal (idx, side, uidnext, sourceUID, header, date, size, flags, at) "
          "VALUES (?, ?, ?, ?, '', 0, 0, '', ?) ON CONFLICT (idx, side, sourceUID) DO UPDATE SET "
          "uidnext = min(uidnext, excluded.uidnext), at = excluded.at",
          id, target, targetNext, source, now)
        .run();
}

Journal Store::journal(MailboxId id, Side target) const {
  Journal journal;
  Query row(*database_,
            "SELECT uidnext, sourceUID, header, date, size, flags, at FROM ours_journal "
            "WHERE idx = ? AND side = ? ORDER BY sourceUID",
            id, target);
  while (row.next()) {
    UidNext next = row.uidNext(0);
    journal.targetNext = journal.intents.empty() ? next : std::min(journal.targetNext, next);
    journal.newest = std::max(journal.newest, row.integer(6));
    Intent intent{row.uid(1), std::nullopt, row.flags(5)};
    if (!row.bytes(2).empty())
      intent.identity = {digest(*database_, row.bytes(2)), row.integer(3),
                         static_cast<std::uint64_t>(row.integer(4))};
    journal.intents.push_back(std::move(intent));
  }
  return journal;
}

void Store::settle(MailboxId id, Side target, Uid source) {
  Query(*database_, "DELETE FROM ours_journal WHERE idx = ? AND side = ? AND sourceUID = ?", id, target,
        source)
      .run();
}

void Store::settle(MailboxId id, Side target, const UidSet& sources) {
  for (UidSet::Range range : sources.ranges())
    Query(*database_, "DELETE FROM ours_journal WHERE idx = ? AND side = ? AND sourceUID BETWEEN ? AND ?", id,
          target, std::int64_t{range.first}, std::int64_t{range.last})
        .run();
}

void Store::clearJournal(MailboxId id, Side target) {
  Query(*database_, "DELETE FROM ours_journal WHERE idx = ? AND side = ?", id, target).run();
}

std::vector<MailboxId> Store::withJournal() const {
  std::vector<MailboxId> found;
  Query row(*database_, "SELECT DISTINCT idx FROM ours_journal ORDER BY idx");
  while (row.next()) found.push_back(row.mailboxId(0));
  return found;
}

}  // namespace interimap::store
