// Mailboxes that somebody has to decide about.
#include "store/database.h"

namespace interimap::store {

void Store::hold(MailboxId id, const std::string& reason) {
  Query(*database_, "INSERT OR REPLACE INTO ours_held VALUES (?, ?)", id, std::string_view(reason)).run();
}

std::optional<std::string> Store::held(MailboxId id) const {
  Query row(*database_, "SELECT reason FROM ours_held WHERE idx = ?", id);
  if (!row.next()) return std::nullopt;
  return std::string(row.bytes(0));
}

void Store::setEmptied(MailboxId id, Side side, bool emptied) {
  const char* sql = emptied ? "INSERT OR IGNORE INTO ours_emptied VALUES (?, ?)"
                            : "DELETE FROM ours_emptied WHERE idx = ? AND side = ?";
  Query(*database_, sql, id, side).run();
}

bool Store::emptied(MailboxId id, Side side) const {
  return Query(*database_, "SELECT 1 FROM ours_emptied WHERE idx = ? AND side = ?", id, side).next();
}

}  // namespace interimap::store
