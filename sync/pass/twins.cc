// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pass/twins.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "ipc/side.h"

namespace interimap {

namespace {

using Lookalikes = std::vector<Lookalike>;
using Range = std::pair<Lookalikes::iterator, Lookalikes::iterator>;

// Sorts both sides by `key` and UID, and shows each range of equal keys that is on both.
template <typename Key, typename Visit>
void forEachCommon(Both<Lookalikes>& all, Key key, Visit visit) {
  for (Side side : kSides)
    std::ranges::sort(all[side], [&](const Lookalike& a, const Lookalike& b) {
      return std::tuple(key(a), a.uid) < std::tuple(key(b), b.uid);
    });
  auto here = all.local.begin(), there = all.remote.begin();
  auto rangeAt = [&](auto from, Lookalikes& side) {
    return Range(from, std::find_if(from, side.end(), [&](const auto& it) { return key(it) != key(*from); }));
  };
  while (here != all.local.end() && there != all.remote.end()) {
    if (key(*here) < key(*there)) {
      ++here;
    } else if (key(*there) < key(*here)) {
      ++there;
    } else {
      Range ours = rangeAt(here, all.local), theirs = rangeAt(there, all.remote);
      visit(ours, theirs);
      here = ours.second;
      there = theirs.second;
    }
  }
}

void leaveOut(Both<Lookalikes>& left, const std::vector<Twins>& taken) {
  std::vector<Uid> local, remote;
  for (const Twins& twins : taken) {
    local.push_back(twins.local);
    remote.push_back(twins.remote);
  }
  Both<UidSet> uids{UidSet::of(std::move(local)), UidSet::of(std::move(remote))};
  for (Side side : kSides)
    std::erase_if(left[side], [&](const Lookalike& it) { return uids[side].contains(it.uid); });
}

std::ptrdiff_t size(const Range& range) { return range.second - range.first; }

// The first with the first, as far as there are two.
void pairInOrder(const Range& here, const Range& there, bool alone, std::vector<Twins>& out) {
  for (auto a = here.first, b = there.first; a != here.second && b != there.second; ++a, ++b)
    out.push_back({a->uid, b->uid, {a->flags, b->flags}, alone});
}

ContentDigest content(const Lookalike& it) { return it.content; }

}  // namespace

std::vector<Twins> takeEqual(Both<Lookalikes>& left) {
  std::set<ContentDigest> single;
  forEachCommon(left, content, [&](const Range& here, const Range& there) {
    if (size(here) == 1 && size(there) == 1) single.insert(content(*here.first));
  });
  std::vector<Twins> out;
  auto take = [&](auto key) {
    std::vector<Twins> taken;
    forEachCommon(left, key, [&](const Range& here, const Range& there) {
      pairInOrder(here, there, single.contains(content(*here.first)), taken);
    });
    leaveOut(left, taken);
    out.insert(out.end(), taken.begin(), taken.end());
  };
  take([](const Lookalike& it) { return std::tuple(it.content, it.date, it.size); });
  take([](const Lookalike& it) { return std::tuple(it.content, it.date); });
  take(content);
  return out;
}

bool isStillTheSame(std::uint64_t known, std::uint64_t found) { return found * 100 >= known * 99; }

}  // namespace interimap
