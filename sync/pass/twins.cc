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

// Those whose content is known, with its digest in place of the header's: what has the same content has the
// same header.
Lookalikes known(const Lookalikes& all, const std::map<Uid, ContentDigest>& contents) {
  Lookalikes out;
  for (Lookalike it : all)
    if (auto content = contents.find(it.uid); content != contents.end()) {
      it.identity = {content->second, it.identity.date, 0};
      out.push_back(it);
    }
  return out;
}

HeaderDigest header(const Lookalike& it) { return it.identity.header; }

}  // namespace

std::vector<Twins> takeUnmistakable(Both<Lookalikes>& left) {
  std::vector<Twins> out;
  forEachCommon(
      left, [](const Lookalike& it) { return it.identity; },
      [&](const Range& here, const Range& there) {
        if (size(here) == 1 && size(there) == 1) pairInOrder(here, there, true, out);
      });
  leaveOut(left, out);
  return out;
}

Both<UidSet> doubtful(Both<Lookalikes>& left) {
  std::vector<Uid> local, remote;
  forEachCommon(left, header, [&](const Range& here, const Range& there) {
    for (auto it = here.first; it != here.second; ++it) local.push_back(it->uid);
    for (auto it = there.first; it != there.second; ++it) remote.push_back(it->uid);
  });
  return {UidSet::of(std::move(local)), UidSet::of(std::move(remote))};
}

std::vector<Twins> takeEqual(Both<Lookalikes>& left, const Both<std::map<Uid, ContentDigest>>& contents) {
  Both<Lookalikes> comparable{known(left.local, contents.local), known(left.remote, contents.remote)};
  std::set<HeaderDigest> single;
  forEachCommon(comparable, header, [&](const Range& here, const Range& there) {
    if (size(here) == 1 && size(there) == 1) single.insert(header(*here.first));
  });
  std::vector<Twins> out;
  auto take = [&](auto key) {
    std::vector<Twins> taken;
    forEachCommon(comparable, key, [&](const Range& here, const Range& there) {
      pairInOrder(here, there, single.contains(header(*here.first)), taken);
    });
    leaveOut(comparable, taken);
    out.insert(out.end(), taken.begin(), taken.end());
  };
  take([](const Lookalike& it) { return it.identity; });
  take(header);
  leaveOut(left, out);
  return out;
}

bool isStillTheSame(std::uint64_t known, std::uint64_t found) { return found * 100 >= known * 99; }

}  // namespace interimap
