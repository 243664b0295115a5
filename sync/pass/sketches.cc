// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pass/sketches.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <tuple>

#include "ipc/side.h"
#include "store/store.h"

namespace interimap {

namespace {

// Strongly universal, of 32 bits: a key of one number more than there are words.
std::uint32_t multilinear(std::span<const std::uint64_t> key, std::span<const std::uint32_t> words) {
  std::uint64_t sum = key[0];
  for (std::size_t i = 0; i < words.size(); ++i) sum += key[i + 1] * words[i];
  return static_cast<std::uint32_t>(sum >> 32);
}

}  // namespace

LookHash::LookHash() {
  for (std::span<std::uint64_t> key :
       {std::span<std::uint64_t>(header_), std::span<std::uint64_t>(whole_), std::span<std::uint64_t>(more_)})
    store::Store::random(std::as_writable_bytes(key));
}

Look LookHash::operator()(const Identity& identity) const {
  std::array<std::uint32_t, 4> header;
  static_assert(sizeof header == sizeof identity.header);
  std::memcpy(header.data(), identity.header.data(), sizeof header);
  auto low = [](auto number) { return static_cast<std::uint32_t>(number); };
  const auto date = static_cast<std::uint64_t>(identity.date);
  const std::uint32_t words[] = {header[0], header[1],       header[2],          header[3],
                                 low(date), low(date >> 32), low(identity.size), low(identity.size >> 32)};
  std::uint64_t whole = std::uint64_t{multilinear(whole_, words)} << 32 | multilinear(more_, words);
  return {multilinear(header_, header), whole >> (64 - Look::kWholeBits)};
}

void Sketches::add(Side side, const Lookalike& message) {
  Look look = hash_(message.identity);
  if (message.flags >= kManyFlags) flags_[side].emplace(message.uid, message.flags);
  all_[side].push_back({message.uid, look.header, look.whole, std::min(message.flags, kManyFlags)});
}

std::uint32_t Sketches::flags(Side side, const Sketch& sketch) const {
  return sketch.flags == kManyFlags ? flags_[side].at(sketch.uid) : static_cast<std::uint32_t>(sketch.flags);
}

// A server that tells of a message twice has one of it all the same.
void Sketches::sort(Side side, const std::function<bool(Side, Uid)>& taken) {
  List& all = all_[side];
  std::ranges::sort(all, {}, &Sketch::uid);
  auto same = [](const Sketch& a, const Sketch& b) { return a.uid == b.uid; };
  all.erase(std::unique(all.begin(), all.end(), same), all.end());
  std::erase_if(all, [&](const Sketch& it) { return taken(side, it.uid); });
  std::ranges::sort(all, [](const Sketch& a, const Sketch& b) {
    return std::tuple(a.header, std::uint64_t{a.whole}, a.uid) <
           std::tuple(b.header, std::uint64_t{b.whole}, b.uid);
  });
}

std::deque<Twins> Sketches::takeUnmistakable(const std::function<bool(Side, Uid)>& taken) {
  for (Side side : kSides) sort(side, taken);
  std::deque<Twins> out;
  List &here = all_.local, &there = all_.remote;
  while (!here.empty() && !there.empty()) {
    if (here.front().header < there.front().header) {
      here.pop_front();
    } else if (there.front().header < here.front().header) {
      there.pop_front();
    } else {
      auto end = [&](List& list) {
        return std::ranges::find_if(
            list, [&, header = list.front().header](const Sketch& it) { return it.header != header; });
      };
      Both<List::iterator> ends{end(here), end(there)};
      compareGroup(ends, out);
      for (Side side : kSides) all_[side].erase(all_[side].begin(), ends[side]);
    }
  }
  for (Side side : kSides) List().swap(all_[side]);
  std::ranges::sort(out, {}, &Twins::local);
  return out;
}

// Those that begin both lists and have the same header.
void Sketches::compareGroup(const Both<List::iterator>& ends, std::deque<Twins>& out) {
  auto here = all_.local.begin(), there = all_.remote.begin();
  Both<std::size_t> before{doubtful_.local.size(), doubtful_.remote.size()};
  while (here != ends.local || there != ends.remote) {
    std::uint64_t whole = here == ends.local     ? there->whole
                          : there == ends.remote ? here->whole
                                                 : std::min<std::uint64_t>(here->whole, there->whole);
    auto end = [&](auto from, auto last) {
      return std::find_if(from, last, [&](const Sketch& it) { return it.whole != whole; });
    };
    auto ours = end(here, ends.local), theirs = end(there, ends.remote);
    if (ours - here == 1 && theirs - there == 1) {
      out.push_back({here->uid, there->uid, {flags(Side::local, *here), flags(Side::remote, *there)}, true});
    } else {
      doubtful_.local.insert(doubtful_.local.end(), here, ours);
      doubtful_.remote.insert(doubtful_.remote.end(), there, theirs);
    }
    here = ours;
    there = theirs;
  }
  // What is left on one side alone is new, beyond doubt.
  if (doubtful_.local.size() > before.local && doubtful_.remote.size() > before.remote) return;
  for (Side side : kSides)
    doubtful_[side].erase(doubtful_[side].begin() + static_cast<std::ptrdiff_t>(before[side]),
                          doubtful_[side].end());
}

Both<UidSet> Sketches::takeDoubtful(std::size_t most) {
  Both<std::vector<Uid>> uids;
  while (!doubtful_.local.empty() && std::max(uids.local.size(), uids.remote.size()) < most) {
    std::uint32_t header = doubtful_.local.front().header;
    for (Side side : kSides)
      for (List& list = doubtful_[side]; !list.empty() && list.front().header == header; list.pop_front())
        uids[side].push_back(list.front().uid);
  }
  return {UidSet::of(std::move(uids.local)), UidSet::of(std::move(uids.remote))};
}

}  // namespace interimap
