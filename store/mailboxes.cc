// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Which mailboxes are synchronised, and how far each of them is.
#include <algorithm>
#include <ctime>

#include "store/database.h"

namespace interimap::store {

namespace {

SideState sideState(const Query& row) {
  SideState state{UidValidity{static_cast<std::uint32_t>(row.integer(0, 1, 0xffffffffU))}, row.uidNext(1),
                  ModSeq{static_cast<std::uint64_t>(row.integer(2))}};
  if (!row.isNull(3)) state.messages = static_cast<std::uint32_t>(row.integer(3, 0, 0xffffffffU));
  return state;
}

MailboxName renamed(const Database& database, const MailboxName& name, const MailboxName& from,
                    const MailboxName& to) {
  auto result = MailboxName::of(to.bytes() + name.bytes().substr(from.bytes().size()));
  if (!result) throw database.refused("a mailbox name would be too long");
  return *result;
}

}  // namespace

std::vector<KnownMailbox> Store::mailboxes() const {
  std::vector<KnownMailbox> found;
  Query row(*database_, "SELECT idx, mailbox, subscribed FROM mailboxes ORDER BY mailbox");
  while (row.next()) found.push_back({row.mailboxId(0), row.mailboxName(1), row.integer(2) != 0});
  return found;
}

MailboxId Store::addMailbox(const MailboxName& name, bool subscribed) {
  Query insert(*database_, "INSERT INTO mailboxes (mailbox, subscribed) VALUES (?, ?)", name, subscribed);
  insert.run();
  return MailboxId{database_->lastRow()};
}

void Store::setSubscribed(MailboxId id, bool subscribed) {
  Query(*database_, "UPDATE mailboxes SET subscribed = ?2 WHERE idx = ?1", id, subscribed).run();
}

void Store::removeMailbox(MailboxId id) {
  for (const char* sql : {"DELETE FROM ours_base WHERE idx = ?", "DELETE FROM ours_stamp WHERE idx = ?",
                          "DELETE FROM ours_intents WHERE idx = ?", "DELETE FROM ours_refused WHERE idx = ?",
                          "DELETE FROM ours_held WHERE idx = ?", "DELETE FROM ours_unlike WHERE idx = ?",
                          "DELETE FROM ours_strays WHERE idx = ?", "DELETE FROM ours_brake WHERE idx = ?",
                          "DELETE FROM ours_copied WHERE idx = ?", "DELETE FROM ours_landmarks WHERE idx = ?",
                          "DELETE FROM ours_marked WHERE idx = ?", "DELETE FROM ours_hangups WHERE idx = ?",
                          "DELETE FROM ours_since WHERE idx = ?", "DELETE FROM ours_ids WHERE idx = ?",
                          "DELETE FROM mapping WHERE idx = ?", "DELETE FROM local WHERE idx = ?",
                          "DELETE FROM remote WHERE idx = ?", "DELETE FROM mailboxes WHERE idx = ?"})
    Query(*database_, sql, id).run();
}

std::size_t Store::rename(const MailboxName& from, const MailboxName& to) {
  const std::string below = from.bytes() + '\0';
  std::vector<KnownMailbox> tree;
  for (KnownMailbox& mailbox : mailboxes())
    if (mailbox.name == from || mailbox.name.bytes().starts_with(below)) tree.push_back(std::move(mailbox));
  // Into itself ("a" to "a/b") the deepest must make room first; everywhere else the order does not matter or
  // has to be this one ("a/b" to "a").
  if (to.bytes().starts_with(below)) std::reverse(tree.begin(), tree.end());
  for (const KnownMailbox& mailbox : tree) {
    MailboxName name = renamed(*database_, mailbox.name, from, to);
    Query update(*database_, "UPDATE mailboxes SET mailbox = ?2 WHERE idx = ?1", mailbox.id, name);
    if (!update.accepted()) throw database_->refused("the mailbox renamed to exists already");
  }
  return tree.size();
}

std::optional<SideState> Store::state(MailboxId id, Side side) const {
  Query row(
      *database_,
      side == Side::local
          ? "SELECT UIDVALIDITY, UIDNEXT, HIGHESTMODSEQ, lMESSAGES FROM local AS now LEFT JOIN ours_stamp "
            "ON ours_stamp.idx = now.idx AND lUIDNEXT = UIDNEXT AND lMODSEQ = HIGHESTMODSEQ "
            "WHERE now.idx = ?"
          : "SELECT UIDVALIDITY, UIDNEXT, HIGHESTMODSEQ, rMESSAGES FROM remote AS now LEFT JOIN ours_stamp "
            "ON ours_stamp.idx = now.idx AND rUIDNEXT = UIDNEXT AND rMODSEQ = HIGHESTMODSEQ "
            "WHERE now.idx = ?",
      id);
  if (!row.next()) return std::nullopt;
  return sideState(row);
}

void Store::putState(MailboxId id, const SideState& local, const SideState& remote) {
  for (Side side : {Side::local, Side::remote}) {
    const SideState& now = side == Side::local ? local : remote;
    Query(
        *database_,
        side == Side::local
            ? "INSERT OR REPLACE INTO local (idx, UIDVALIDITY, UIDNEXT, HIGHESTMODSEQ) VALUES (?, ?, ?, ?)"
            : "INSERT OR REPLACE INTO remote (idx, UIDVALIDITY, UIDNEXT, HIGHESTMODSEQ) VALUES (?, ?, ?, ?)",
        id, now.uidValidity, now.uidNext, now.highestModSeq)
        .run();
  }
  Query(*database_,
        "INSERT OR REPLACE INTO ours_stamp (idx, lUIDNEXT, lMODSEQ, rUIDNEXT, rMODSEQ, lMESSAGES, rMESSAGES) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        id, local.uidNext, local.highestModSeq, remote.uidNext, remote.highestModSeq, local.messages,
        remote.messages)
      .run();
  Query(*database_, "INSERT OR REPLACE INTO ours_since VALUES (?, ?)", id, std::int64_t{std::time(nullptr)})
      .run();
}

std::optional<std::int64_t> Store::stateSince(MailboxId id) const {
  Query row(*database_, "SELECT at FROM ours_since WHERE idx = ?", id);
  if (!row.next()) return std::nullopt;
  return row.integer(0);
}

bool Store::hasBase(MailboxId id) const {
  Query row(*database_,
            "SELECT 1 FROM ours_stamp AS s JOIN local AS l USING (idx) JOIN remote AS r USING (idx) "
            "WHERE idx = ? AND s.lUIDNEXT = l.UIDNEXT AND s.lMODSEQ = l.HIGHESTMODSEQ "
            "AND s.rUIDNEXT = r.UIDNEXT AND s.rMODSEQ = r.HIGHESTMODSEQ",
            id);
  return row.next();
}

void Store::dropBase(MailboxId id) {
  Query(*database_, "DELETE FROM ours_base WHERE idx = ?", id).run();
  Query(*database_, "DELETE FROM ours_stamp WHERE idx = ?", id).run();
}

// For messages: the text ends at a NUL, so delimiters are shown as slashes.
std::string Store::pretty(MailboxId id) const {
  Query row(*database_, "SELECT mailbox FROM mailboxes WHERE idx = ?", id);
  if (!row.next()) return "a mailbox that is gone";
  std::string name(row.bytes(0));
  std::replace(name.begin(), name.end(), '\0', '/');
  return name;
}

}  // namespace interimap::store
