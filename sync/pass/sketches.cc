// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pass/sketches.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <tuple>
#include <vector>

#include "store/store.h"

namespace interimap {

HeaderHash::HeaderHash() { store::Store::random(std::as_writable_bytes(std::span(key_))); }

std::uint32_t HeaderHash::operator()(const HeaderDigest& header) const {
  std::array<std::uint32_t, 4> words;
  static_assert(sizeof words == sizeof header);
  std::memcpy(words.data(), header.data(), sizeof words);
  std::uint64_t sum = key_[0];
  for (std::size_t i = 0; i < words.size(); ++i) sum += key_[i + 1] * words[i];
  return static_cast<std::uint32_t>(sum >> 32);
}

void Sketches::add(Side side, Uid uid, const HeaderDigest& header) {
  all_[side].push_back({uid, hash_(header)});
}

// A server that tells of a message twice has one of it all the same.
void Sketches::sort(Side side, const std::function<bool(Side, Uid)>& taken) {
  List& all = all_[side];
  std::ranges::sort(all, {}, &Sketch::uid);
  auto same = [](const Sketch& a, const Sketch& b) { return a.uid == b.uid; };
  all.erase(std::unique(all.begin(), all.end(), same), all.end());
  std::erase_if(all, [&](const Sketch& it) { return taken(side, it.uid); });
  seen_[side] = all.size();
  std::ranges::sort(all, [](const Sketch& a, const Sketch& b) {
    return std::tuple(a.header, a.uid) < std::tuple(b.header, b.uid);
  });
}

void Sketches::match(const std::function<bool(Side, Uid)>& taken) {
  for (Side side : kSides) sort(side, taken);
  Both<List> left;
  while (!all_.local.empty() && !all_.remote.empty()) {
    std::uint32_t here = all_.local.front().header, there = all_.remote.front().header;
    if (here == there) ++common_;
    for (Side side : kSides) {
      if (here != there && all_[side].front().header != std::min(here, there)) continue;
      for (List& list = all_[side]; !list.empty() && list.front().header == std::min(here, there);
           list.pop_front())
        if (here == there) left[side].push_back(list.front());
    }
  }
  all_ = std::move(left);
}

Both<UidSet> Sketches::take(std::size_t most) {
  Both<std::vector<Uid>> uids;
  while (!all_.local.empty() && std::max(uids.local.size(), uids.remote.size()) < most) {
    std::uint32_t header = all_.local.front().header;
    for (Side side : kSides)
      for (List& list = all_[side]; !list.empty() && list.front().header == header; list.pop_front())
        uids[side].push_back(list.front().uid);
  }
  return {UidSet::of(std::move(uids.local)), UidSet::of(std::move(uids.remote))};
}

}  // namespace interimap
