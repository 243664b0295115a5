// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pull/pull_recovery.h"

#include <algorithm>

namespace interimap {

namespace {

struct Entry {
  Identity key;
  std::size_t at;
  auto operator<=>(const Entry&) const = default;
};

Identity whole(const Identity& identity) { return identity; }
Identity withoutSize(const Identity& identity) { return {identity.header, identity.date, 0}; }
Identity withoutDate(const Identity& identity) { return {identity.header, 0, identity.size}; }

}  // namespace

std::vector<std::optional<Uid>> recognise(std::span<const Identity> known,
                                          std::span<const FoundMessage> found) {
  std::vector<std::optional<Uid>> partners(known.size());
  std::vector<bool> taken(found.size());
  for (auto* key : {whole, withoutSize, withoutDate}) {
    std::vector<Entry> left, right;
    for (std::size_t i = 0; i < known.size(); ++i)
      if (!partners[i] && known[i].header != HeaderDigest{}) left.push_back({key(known[i]), i});
    for (std::size_t i = 0; i < found.size(); ++i)
      if (!taken[i]) right.push_back({key(found[i].identity), i});
    std::ranges::sort(left);
    std::ranges::sort(right);
    auto at = right.begin();
    for (const Entry& entry : left) {
      while (at != right.end() && at->key < entry.key) ++at;
      if (at == right.end()) break;
      if (at->key != entry.key) continue;
      partners[entry.at] = found[at->at].uid;
      taken[at->at] = true;
      ++at;
    }
  }
  return partners;
}

}  // namespace interimap
