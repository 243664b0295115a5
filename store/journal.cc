// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The journal: APPENDs that may or may not have reached their target.
//
// A window of messages is written down when it is reserved, when it goes out and when it is settled, so one
// row holds many intents. Rows of a mailbox and side ascend by source UID and do not overlap. In a row, each
// intent is
//
//   source UID (4 octets)  UIDNEXT (8)  at (8)  length (4)  what it is (`length` octets)
//
// and what it is, unless that is not known: header digest (16), INTERNALDATE (8), size (8), flags. Numbers
// are little-endian.
#include "store/journal.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <iterator>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace interimap::store {

namespace {

// As many as a window has. A settled UID has its row written anew.
constexpr std::size_t kMostInRow = 128;

template <typename Number>
void put(std::string& out, Number number) {
  std::array<char, sizeof number> octets;
  for (std::size_t i = 0; i < octets.size(); ++i)
    octets[i] = static_cast<char>(static_cast<std::uint64_t>(number) >> (8 * i));
  out.append(octets.data(), octets.size());
}

// Reads what put() wrote.
class Octets {
 public:
  Octets(const Database& database, std::string_view bytes) : database_(database), bytes_(bytes) {}
  bool atEnd() const { return bytes_.empty(); }
  std::string_view take(std::size_t count) {
    if (count > bytes_.size()) throw database_.refused("an intent that ends early");
    std::string_view taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return taken;
  }
  std::string_view rest() { return take(bytes_.size()); }
  template <typename Number>
  Number number() {
    std::uint64_t value = 0;
    std::string_view octets = take(sizeof(Number));
    for (std::size_t i = 0; i < sizeof(Number); ++i)
      value |= std::uint64_t{static_cast<unsigned char>(octets[i])} << (8 * i);
    return static_cast<Number>(value);
  }

 private:
  const Database& database_;
  std::string_view bytes_;
};

struct Entry {
  Uid source;
  UidNext targetNext;
  std::int64_t at;
  std::string_view what;  // empty: not known
};

std::string describe(const Identity& identity, std::string_view flags) {
  std::string what;
  what.reserve(identity.header.size() + sizeof identity.date + sizeof identity.size + flags.size());
  what.append(reinterpret_cast<const char*>(identity.header.data()), identity.header.size());
  put(what, identity.date);
  put(what, identity.size);
  return what.append(flags);
}

struct Described {
  Identity identity;
  Flags flags;
};

Described readDescription(const Database& database, std::string_view what) {
  Octets in(database, what);
  Described out;
  std::ranges::copy(in.take(out.identity.header.size()), reinterpret_cast<char*>(out.identity.header.data()));
  out.identity.date = in.number<std::int64_t>();
  out.identity.size = in.number<std::uint64_t>();
  auto flags = Flags::parse(in.rest());
  if (!flags) throw database.refused("flags that are none");
  out.flags = std::move(*flags);
  return out;
}

Intent readIntent(const Database& database, const Entry& entry) {
  if (entry.what.empty()) return {entry.source, std::nullopt, {}};
  Described what = readDescription(database, entry.what);
  return {entry.source, what.identity, std::move(what.flags)};
}

constexpr Uid kFirst = *Uid::of(1), kLast = *Uid::of(0xffffffffU);

// The intents of one side of a mailbox, by source UID.
class Rows {
 public:
  Rows(Database& database, MailboxId id, Side target) : database_(database), id_(id), target_(target) {}

  // Those of all rows in which there may be one of these UIDs; valid until the next call.
  const std::vector<Entry>& read(Uid first, Uid last) {
    rows_.clear();
    entries_.clear();
    Query row(database_,
              "SELECT first, last, intents FROM ours_intents WHERE idx = ? AND side = ? AND last >= ? "
              "ORDER BY last",
              id_, target_, first);
    while (row.next() && row.uid(0) <= last) rows_.push_back({row.uid(1), std::string(row.bytes(2))});
    for (const Row& read : rows_) add(read.intents);
    return entries_;
  }

  // What stands in those rows from now on. The entries may refer to what read() gave.
  void write(const std::vector<Entry>& entries) {
    for (const Row& row : rows_)
      Query(database_, "DELETE FROM ours_intents WHERE idx = ? AND side = ? AND last = ?", id_, target_,
            row.last)
          .run();
    for (std::size_t at = 0; at < entries.size(); at += kMostInRow)
      insert({entries.data() + at, std::min(kMostInRow, entries.size() - at)});
  }

 private:
  struct Row {
    Uid last;
    std::string intents;
  };

  void add(std::string_view intents) {
    Octets in(database_, intents);
    while (!in.atEnd()) {
      auto source = Uid::of(in.number<std::uint32_t>());
      UidNext next{in.number<std::uint64_t>()};
      auto at = in.number<std::int64_t>();
      std::string_view what = in.take(in.number<std::uint32_t>());
      if (!source || (!entries_.empty() && *source <= entries_.back().source))
        throw database_.refused("intents out of order");
      entries_.push_back({*source, next, at, what});
    }
  }

  void insert(std::span<const Entry> entries) {
    std::string intents;
    for (const Entry& entry : entries) {
      put(intents, entry.source.value());
      put(intents, entry.targetNext.value);
      put(intents, entry.at);
      put(intents, static_cast<std::uint32_t>(entry.what.size()));
      intents += entry.what;
    }
    Query(database_, "INSERT INTO ours_intents (idx, side, first, last, intents) VALUES (?, ?, ?, ?, ?)", id_,
          target_, entries.front().source, entries.back().source, intents)
        .run();
  }

  Database& database_;
  MailboxId id_;
  Side target_;
  std::vector<Row> rows_;
  std::vector<Entry> entries_;
};

// `fresh` by source UID. A copy of an earlier attempt has a UID from the earlier UIDNEXT on, and what is
// known already stays known.
void merge(Rows rows, const std::vector<Entry>& fresh) {
  if (fresh.empty()) return;
  const std::vector<Entry>& known = rows.read(fresh.front().source, fresh.back().source);
  std::vector<Entry> merged;
  merged.reserve(known.size() + fresh.size());
  std::ranges::merge(known, fresh, std::back_inserter(merged), {}, &Entry::source, &Entry::source);
  std::size_t last = 0;
  for (std::size_t i = 1; i < merged.size(); ++i) {
    Entry& former = merged[last];
    if (former.source != merged[i].source) {
      merged[++last] = merged[i];
      continue;
    }
    UidNext earliest = std::min(former.targetNext, merged[i].targetNext);
    std::string_view what = merged[i].what.empty() ? former.what : merged[i].what;
    former = {former.source, earliest, merged[i].at, what};
  }
  merged.erase(merged.begin() + static_cast<std::ptrdiff_t>(last) + 1, merged.end());
  rows.write(merged);
}

}  // namespace

void Store::intend(MailboxId id, Side target, UidNext targetNext, std::span<const Intent> intents) {
  std::vector<std::string> described;
  std::vector<Entry> entries;
  described.reserve(intents.size());  // views of them stay valid
  entries.reserve(intents.size());
  std::int64_t now = std::time(nullptr);
  for (const Intent& intent : intents) {
    described.push_back(describe(intent.identity.value(), intent.flags.text()));
    entries.push_back({intent.source, targetNext, now, described.back()});
  }
  std::ranges::stable_sort(entries, {}, &Entry::source);
  merge({*database_, id, target}, entries);
}

void Store::intend(MailboxId id, Side target, UidNext targetNext, const UidSet& sources) {
  std::vector<Entry> entries;
  std::int64_t now = std::time(nullptr);
  for (Uid source : sources.each()) entries.push_back({source, targetNext, now, {}});
  merge({*database_, id, target}, entries);
}

void Store::suspect(MailboxId id, Side target, UidNext targetNext, const UidSet& sources) {
  std::vector<Entry> entries;
  for (Uid source : sources.each()) entries.push_back({source, targetNext, 0, {}});
  merge({*database_, id, target}, entries);
}

Journal Store::journal(MailboxId id, Side target) const {
  Journal journal;
  Rows rows(*database_, id, target);
  for (const Entry& entry : rows.read(kFirst, kLast)) {
    journal.targetNext =
        journal.intents.empty() ? entry.targetNext : std::min(journal.targetNext, entry.targetNext);
    journal.newest = std::max(journal.newest, entry.at);
    journal.intents.push_back(readIntent(*database_, entry));
    if (entry.what.empty() && entry.at <= booted_) journal.unclear.add(entry.source);
  }
  return journal;
}

void Store::settle(MailboxId id, Side target, Uid source) { settle(id, target, UidSet::single(source)); }

void Store::settle(MailboxId id, Side target, const UidSet& sources) {
  if (sources.empty()) return;
  Rows rows(*database_, id, target);
  const std::vector<Entry>& known = rows.read(sources.first(), sources.last());
  std::vector<Entry> left;
  std::ranges::remove_copy_if(known, std::back_inserter(left),
                              [&](const Entry& entry) { return sources.contains(entry.source); });
  if (left.size() < known.size()) rows.write(left);
}

std::vector<MailboxId> Store::withJournal() const {
  std::vector<MailboxId> found;
  Query row(*database_, "SELECT DISTINCT idx FROM ours_intents ORDER BY idx");
  while (row.next()) found.push_back(row.mailboxId(0));
  return found;
}

void Store::disown(MailboxId id, Side target, const std::map<Uid, Identity>& told) {
  Rows rows(*database_, id, target);
  std::vector<Entry> entries = rows.read(kFirst, kLast);
  std::int64_t now = std::time(nullptr);
  std::string described;
  bool any = false;
  for (Entry& entry : entries) {
    if (auto it = told.find(entry.source); it != told.end() && entry.what.empty() && entry.at <= booted_) {
      described = describe(it->second, {});
      entry.what = described;
    }
    if (entry.what.empty()) continue;
    database_->filled(Rare::strays);
    Query(*database_, "INSERT INTO ours_strays (idx, side, UID, uidnext, at, what) VALUES (?, ?, ?, ?, ?, ?)",
          id, target, entry.source, entry.targetNext, entry.at, entry.what)
        .run();
    entry.what = {};
    entry.at = now;
    any = true;
  }
  if (any) rows.write(entries);
}

std::vector<Stray> Store::strays(MailboxId id, Side target) const {
  std::vector<Stray> found;
  if (database_->isEmpty(Rare::strays)) return found;
  Query row(*database_,
            "SELECT id, UID, what, uidnext, at, content FROM ours_strays WHERE idx = ? AND side = ? "
            "ORDER BY id",
            id, target);
  while (row.next()) {
    Described what = readDescription(*database_, row.bytes(2));
    Stray& stray =
        found.emplace_back(Stray{row.integer(0),
                                 Uid::of(static_cast<std::uint32_t>(row.integer(1, 0, kLast.value()))),
                                 what.identity,
                                 std::move(what.flags),
                                 row.uidNext(3),
                                 row.integer(4),
                                 {}});
    if (row.isNull(5)) continue;
    stray.content.emplace();
    if (row.bytes(5).size() != stray.content->size())
      throw database_->refused("a content digest of the wrong length");
    std::ranges::copy(row.bytes(5), reinterpret_cast<char*>(stray.content->data()));
  }
  return found;
}

void Store::setContent(std::int64_t stray, const ContentDigest& content) {
  std::string_view octets(reinterpret_cast<const char*>(content.data()), content.size());
  Query(*database_, "UPDATE ours_strays SET content = ?2 WHERE id = ?1", stray, octets).run();
}

void Store::forgetStray(std::int64_t stray) {
  Query(*database_, "DELETE FROM ours_strays WHERE id = ?", stray).run();
}

void Store::forgetStrays(MailboxId id, Side target, std::int64_t at) {
  UidSet open;
  for (const Intent& intent : journal(id, target).intents) open.add(intent.source);
  for (const Stray& stray : strays(id, target))
    if (stray.at < at && !(stray.source && open.contains(*stray.source))) forgetStray(stray.id);
}

void convertFormerJournal(Database& database) {
  Query row(database,
            "SELECT idx, side, sourceUID, uidnext, at, header, date, size, flags FROM ours_journal "
            "ORDER BY idx, side, sourceUID");
  while (row.next()) {
    std::string what;
    if (!row.bytes(5).empty()) {
      Identity identity{{}, row.integer(6), static_cast<std::uint64_t>(row.integer(7))};
      if (row.bytes(5).size() != identity.header.size())
        throw database.refused("a header digest of the wrong length");
      std::ranges::copy(row.bytes(5), reinterpret_cast<char*>(identity.header.data()));
      what = describe(identity, row.bytes(8));
    }
    merge({database, row.mailboxId(0), row.side(1)}, {{row.uid(2), row.uidNext(3), row.integer(4), what}});
  }
}

}  // namespace interimap::store
