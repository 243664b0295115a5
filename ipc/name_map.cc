// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "ipc/name_map.h"

#include <algorithm>
#include <utility>

namespace interimap {

namespace {

using Entries = std::vector<NameMap::Entry>;

bool isWithin(const MailboxName& name, const MailboxName& parent) {
  return name == parent || name.bytes().starts_with(parent.bytes() + '\0');
}

// By the closest entry; whatever else may have that name.
std::optional<MailboxName> moved(const Entries& entries, const MailboxName& name, Side from) {
  const NameMap::Entry* closest = nullptr;
  for (const NameMap::Entry& entry : entries)
    if (isWithin(name, entry[from]) &&
        (closest == nullptr || entry[from].bytes().size() > (*closest)[from].bytes().size()))
      closest = &entry;
  if (closest == nullptr) return name;
  return MailboxName::of((*closest)[other(from)].bytes() +
                         name.bytes().substr((*closest)[from].bytes().size()));
}

// There and back.
std::optional<MailboxName> exactly(const Entries& entries, const MailboxName& name, Side from) {
  auto there = moved(entries, name, from);
  if (!there || moved(entries, *there, other(from)) != name) return std::nullopt;
  return there;
}

const char* wordFor(Side side) { return side == Side::local ? "local" : "remote"; }

std::string shown(const MailboxName& name) {
  std::string text = name.bytes();
  std::ranges::replace(text, '\0', '/');
  return text;
}

}  // namespace

// Two for one name; or one that is below another, and takes a name that is something else's by the other.
std::optional<NameMap::Fault> NameMap::fault(const Entries& entries) {
  for (std::size_t at = 0; at < entries.size(); ++at)
    for (Side side : kSides) {
      const Entry& name = entries[at];
      if (name[side].isInbox()) return Fault{at, "INBOX has the same name on both sides"};
      for (std::size_t before = 0; before < at; ++before)
        if (entries[before][side] == name[side] && entries[before][other(side)] != name[other(side)])
          return Fault{at, shown(name[side]) + " of " + wordFor(side) + " would be " +
                               shown(entries[before][other(side)]) + " and " + shown(name[other(side)])};
    }
  for (std::size_t at = 0; at < entries.size(); ++at)
    for (const Entry& above : entries)
      for (Side side : kSides) {
        const MailboxName& name = entries[at][side];
        if (!isWithin(name, above[side])) continue;
        auto twin =
            MailboxName::of(above[other(side)].bytes() + name.bytes().substr(above[side].bytes().size()));
        if (twin && !exactly(entries, *twin, other(side)))
          return Fault{
              at, shown(*twin) + " of " + wordFor(other(side)) + " would have no name on " + wordFor(side)};
      }
  return std::nullopt;
}

std::optional<NameMap> NameMap::of(Entries entries) {
  if (fault(entries)) return std::nullopt;
  NameMap map;
  map.entries_ = std::move(entries);
  return map;
}

std::optional<MailboxName> NameMap::toRemote(const MailboxName& local) const {
  return exactly(entries_, local, Side::local);
}

std::optional<MailboxName> NameMap::rivalOf(Side side, const MailboxName& name) const {
  auto there = moved(entries_, name, side);
  return side == Side::local && there ? moved(entries_, *there, Side::remote) : there;
}

std::optional<MailboxName> NameMap::toLocal(const MailboxName& remote) const {
  return exactly(entries_, remote, Side::remote);
}

}  // namespace interimap
