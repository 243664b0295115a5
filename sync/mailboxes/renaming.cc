// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/mailboxes/renaming.h"

#include <algorithm>
#include <map>

#include "ipc/side.h"

namespace interimap {

namespace {

bool exists(const Listing& listing, const MailboxName& name) {
  auto it = listing.find(name);
  return it != listing.end() && it->second.exists;
}

// Whether what is listed may be what we know.
bool continues(const answer::StatusEntry& now, const store::SideState& then) {
  return now.uidValidity == then.uidValidity && now.uidNext && *now.uidNext >= then.uidNext &&
         (!now.highestModSeq || *now.highestModSeq >= then.highestModSeq);
}

// On one side: who is gone, and what may have become of whom.
struct Suspicion {
  std::set<MailboxName> gone;
  std::map<MailboxName, std::vector<MailboxName>> became;  // by old name
  std::map<MailboxName, unsigned> claims;                  // of new names

  // The one that it has become, and no other has.
  const MailboxName* only(const MailboxName& from) const {
    auto it = became.find(from);
    bool one = it != became.end() && it->second.size() == 1 && claims.at(it->second.front()) == 1;
    return one ? &it->second.front() : nullptr;
  }
};

Suspicion suspect(Side side, const Listing& listing, const std::vector<KnownPlace>& known) {
  std::set<MailboxName> names;
  for (const KnownPlace& place : known) names.insert(place.name);
  std::map<UidValidity, std::vector<const Listing::value_type*>> strangers;
  for (const auto& entry : listing)
    if (entry.second.exists && entry.second.status.uidValidity && !names.contains(entry.first))
      strangers[*entry.second.status.uidValidity].push_back(&entry);

  Suspicion suspicion;
  for (const KnownPlace& place : known) {
    const auto& state = place.state[side];
    if (place.name.isInbox() || exists(listing, place.name)) continue;
    suspicion.gone.insert(place.name);
    if (!state || state->uidNext.value == 0) continue;  // nothing of it was ever brought to an end
    for (const auto* stranger : strangers[state->uidValidity]) {
      if (!continues(stranger->second.status, *state)) continue;
      suspicion.became[place.name].push_back(stranger->first);
      ++suspicion.claims[stranger->first];
    }
  }
  return suspicion;
}

}  // namespace

Renamings findRenamings(const Both<const Listing*>& listings, const std::vector<KnownPlace>& known) {
  Both<Suspicion> suspicions;
  for (Side side : kSides) suspicions[side] = suspect(side, *listings[side], known);
  Renamings out;
  for (const KnownPlace& place : known) {
    Both<bool> gone;
    for (Side side : kSides) gone[side] = suspicions[side].gone.contains(place.name);
    if (!gone.local && !gone.remote) continue;
    Side first = gone.local ? Side::local : Side::remote, second = other(first);
    const MailboxName* to = suspicions[first].only(place.name);
    bool fits = to != nullptr;
    if (fits && gone[second]) {
      const MailboxName* also = suspicions[second].only(place.name);
      fits = also != nullptr && *also == *to;
    } else if (fits) {
      // Where it has its old name still, it has to be the one that we know.
      fits = !listings[second]->contains(*to) && place.state[second] &&
             continues(listings[second]->at(place.name).status, *place.state[second]);
    }
    if (fits) {
      out.found.push_back({place.name, *to, gone});
      continue;
    }
    for (Side side : kSides)
      if (auto it = suspicions[side].became.find(place.name); it != suspicions[side].became.end()) {
        out.doubtful.insert(it->second.begin(), it->second.end());
        out.astray.insert(place.name);
      }
  }
  std::ranges::sort(out.found, {}, &Renaming::from);
  return out;
}

MailboxName renamed(const MailboxName& name, const MailboxName& from, const MailboxName& to) {
  if (name != from && !isBelow(name, from)) return name;
  return MailboxName::of(to.bytes() + name.bytes().substr(from.bytes().size())).value_or(name);
}

bool isBelow(const MailboxName& name, const MailboxName& parent) {
  return name.bytes().starts_with(parent.bytes() + '\0');
}

}  // namespace interimap
