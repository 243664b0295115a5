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

// The last part of the name that a mailbox has while others take each other's names.
constexpr const char* kAway = "interimapmoves";

bool isAway(const MailboxName& name) {
  const std::string& bytes = name.bytes();
  return bytes.find(kAway, bytes.rfind('\0') + 1) == bytes.rfind('\0') + 1;
}

MailboxName away(const MailboxName& name, const std::set<MailboxName>& taken) {
  std::string parent = name.bytes().substr(0, name.bytes().rfind('\0') + 1);
  for (unsigned n = 1;; ++n)
    if (auto free = MailboxName::of(parent + kAway + std::to_string(n)); free && !taken.contains(*free))
      return *free;
}

// On one side: who is not under its name any more, and what may have become of whom.
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
  Suspicion suspicion;
  std::set<MailboxName> staying;
  for (const KnownPlace& place : known) {
    bool stays = place.name.isInbox() || isStill(place, side, listing);
    (stays ? staying : suspicion.gone).insert(place.name);
  }
  std::map<UidValidity, std::vector<const Listing::value_type*>> strangers;
  for (const auto& entry : listing)
    if (entry.second.exists && entry.second.status.uidValidity && !staying.contains(entry.first))
      strangers[*entry.second.status.uidValidity].push_back(&entry);

  for (const KnownPlace& place : known) {
    const auto& state = place.state[side];
    if (staying.contains(place.name)) continue;
    if (!state || state->uidNext.value == 0) continue;  // nothing of it was ever brought to an end
    for (const auto* stranger : strangers[state->uidValidity]) {
      if (!continues(stranger->second.status, *state)) continue;
      suspicion.became[place.name].push_back(stranger->first);
      ++suspicion.claims[stranger->first];
    }
  }
  return suspicion;
}

bool isSame(const Both<bool>& one, const Both<bool>& two) {
  return one.local == two.local && one.remote == two.remote;
}

// Whether the whole of `from` on the sides that have not followed yet is among what is found, and nothing
// else is there, nor at `to`.
bool isWhole(const Renaming& parent, const std::vector<Renaming>& found,
             const Both<const Listing*>& listings) {
  std::set<MailboxName> moved;
  for (const Renaming& each : found)
    if (isBelow(each.from, parent.from) && renamed(each.from, parent.from, parent.to) == each.to &&
        isSame(each.done, parent.done))
      moved.insert(each.from);
  for (Side side : kSides) {
    const Listing& listing = *listings[side];
    if (parent.done[side]) {
      if (exists(listing, parent.from)) return false;
      for (const auto& [name, mailbox] : listing)
        if (mailbox.exists && isBelow(name, parent.from)) return false;
      continue;
    }
    auto it = listing.find(parent.from);
    if (it == listing.end() || it->second.exists) return false;
    for (const auto& [name, mailbox] : listing) {
      if (name == parent.to || isBelow(name, parent.to)) return false;
      if (mailbox.exists && isBelow(name, parent.from) && !moved.contains(name)) return false;
    }
  }
  return moved.size() > 1;
}

// The parents of both names, from the top, under which the rest is the same.
std::vector<Renaming> parentsOf(const Renaming& renaming) {
  std::vector<Renaming> parents;
  const std::string &from = renaming.from.bytes(), &to = renaming.to.bytes();
  for (std::size_t at = from.find('\0'); at != std::string::npos; at = from.find('\0', at + 1)) {
    std::string rest = from.substr(at);
    if (!to.ends_with(rest) || to.size() == rest.size()) continue;
    auto above = MailboxName::of(from.substr(0, at)),
         now = MailboxName::of(to.substr(0, to.size() - rest.size()));
    if (above && now && *above != *now) parents.push_back({*above, *now, renaming.done});
  }
  return parents;
}

}  // namespace

// Some servers have one UIDVALIDITY for all mailboxes, or for those of the same second. Then it is another
// one if its numbers fell, and another name goes on from where they were.
bool isStill(const KnownPlace& place, Side side, const Listing& listing) {
  auto it = listing.find(place.name);
  if (it == listing.end() || !it->second.exists) return false;
  const auto& state = place.state[side];
  const answer::StatusEntry& now = it->second.status;
  if (!state || state->uidNext.value == 0 || !now.uidValidity) return true;
  if (*now.uidValidity != state->uidValidity) return false;
  if (!now.uidNext || continues(now, *state)) return true;
  return std::ranges::none_of(listing, [&](const auto& entry) {
    return entry.first != place.name && entry.second.exists && continues(entry.second.status, *state);
  });
}

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
      if (also != nullptr && !fits) {
        out.disagreements.push_back({place.name, {*to, *also}});
        continue;
      }
    } else if (fits) {
      // Where it has its old name still, it has to be the one that we know; and the new name has to be free
      // there, or that of one that is renamed as well.
      bool taken = listings[second]->contains(*to) && !suspicions[first].gone.contains(*to);
      fits = !taken && place.state[second] &&
             continues(listings[second]->at(place.name).status, *place.state[second]);
    }
    if (fits) {
      out.found.push_back({place.name, *to, gone});
      continue;
    }
    for (Side side : kSides)
      if (auto it = suspicions[side].became.find(place.name); it != suspicions[side].became.end()) {
        for (const MailboxName& name : it->second) out.doubtful[name].insert(place.name);
        out.astray.insert(place.name);
      }
  }
  std::ranges::sort(out.found, {}, &Renaming::from);
  std::ranges::sort(out.disagreements, {}, &Disagreement::from);
  return out;
}

std::vector<Renaming> withParents(const std::vector<Renaming>& found, const Both<const Listing*>& listings) {
  std::vector<Renaming> all;
  std::set<MailboxName> tried;
  auto isCovered = [&](const Renaming& each) {
    return std::ranges::any_of(all, [&](const Renaming& parent) { return isBelow(each.from, parent.from); });
  };
  for (const Renaming& each : found) {
    if (isCovered(each)) continue;
    for (const Renaming& parent : parentsOf(each)) {
      if (!tried.insert(parent.from).second || !isWhole(parent, found, listings)) continue;
      all.push_back(parent);
      break;
    }
  }
  all.insert(all.end(), found.begin(), found.end());
  return all;
}

std::optional<Renaming> nextRenaming(const std::vector<Renaming>& left, const std::set<MailboxName>& taken) {
  auto isBelowAny = [&](const Renaming& each) {
    return std::ranges::any_of(left, [&](const Renaming& it) {
      return isBelow(each.from, it.from) || (it.from != each.from && isBelow(each.to, it.from));
    });
  };
  for (const Renaming& each : left)
    if (!taken.contains(each.to) && !isBelowAny(each)) return each;
  // Names in a circle: one of them gets out of the way first.
  auto isInCircle = [&](const Renaming& each) {
    const MailboxName* name = &each.to;
    for (std::size_t steps = 0; steps < left.size() && *name != each.from; ++steps) {
      auto next = std::ranges::find(left, *name, &Renaming::from);
      if (next == left.end()) return false;
      name = &next->to;
    }
    return *name == each.from;
  };
  for (const Renaming& each : left) {
    bool below = std::ranges::any_of(left, [&](const Renaming& it) { return isBelow(each.from, it.from); });
    if (below || isAway(each.from) || !isInCircle(each)) continue;
    return Renaming{each.from, away(each.from, taken), {}};
  }
  return std::nullopt;
}

MailboxName renamed(const MailboxName& name, const MailboxName& from, const MailboxName& to) {
  if (name != from && !isBelow(name, from)) return name;
  return MailboxName::of(to.bytes() + name.bytes().substr(from.bytes().size())).value_or(name);
}

bool isBelow(const MailboxName& name, const MailboxName& parent) {
  return name.bytes().starts_with(parent.bytes() + '\0');
}

}  // namespace interimap
