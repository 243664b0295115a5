// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pass/sketches.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <set>
#include <tuple>

#include "ipc/side.h"

using namespace interimap;

namespace {

using Lookalikes = Both<std::vector<Lookalike>>;
using Found = std::set<std::tuple<Uid, Uid, std::uint32_t, std::uint32_t, bool>>;

Uid uid(std::uint32_t n) { return *Uid::of(n); }

Lookalike message(std::uint32_t n, std::uint8_t header, std::int64_t date = 7, std::uint64_t size = 100,
                  std::uint32_t flags = 0) {
  return {uid(n), flags, {{header}, date, size}};
}

template <typename Pairs>
Found foundIn(const Pairs& pairs) {
  Found out;
  for (const Twins& it : pairs) out.insert({it.local, it.remote, it.flags.local, it.flags.remote, it.alone});
  return out;
}

bool none(Side, Uid) { return false; }

Sketches sketchesOf(const Lookalikes& all, Sketches::Hash hash) {
  Sketches sketches(std::move(hash));
  for (Side side : kSides)
    for (const Lookalike& it : all[side]) sketches.add(side, it);
  return sketches;
}

// UIDs in any order, few enough different looks for every kind of doubt.
Lookalikes anyMessages(std::mt19937& random) {
  Lookalikes all;
  for (Side side : kSides) {
    std::vector<std::uint32_t> uids(random() % 24);
    for (std::size_t i = 0; i < uids.size(); ++i) uids[i] = static_cast<std::uint32_t>(i + 1);
    std::ranges::shuffle(uids, random);
    for (std::uint32_t n : uids)
      all[side].push_back(message(n, static_cast<std::uint8_t>(random() % 12), random() % 2,
                                  100 + random() % 2, random() % 3 == 0 ? 5000 + n : n));
  }
  return all;
}

}  // namespace

TEST_CASE("sketches find what the messages themselves would show, in batches of any size") {
  std::mt19937 random(17);
  for (int i = 0; i < 500; ++i) {
    CAPTURE(i);
    Lookalikes all = anyMessages(random), left = all;
    Sketches sketches = sketchesOf(all, LookHash());
    CHECK(foundIn(sketches.takeUnmistakable(none)) == foundIn(takeUnmistakable(left)));
    const Both<UidSet> expected = doubtful(left);
    Both<UidSet> seen;
    for (std::size_t most = 1 + random() % 4;;) {
      Both<UidSet> batch = sketches.takeDoubtful(most);
      CHECK(batch.local.empty() == batch.remote.empty());
      if (batch.local.empty()) break;
      // What may have a partner is in the same batch.
      Lookalikes part;
      for (Side side : kSides)
        for (const Lookalike& it : left[side])
          if (batch[side].contains(it.uid)) part[side].push_back(it);
      CHECK(doubtful(part).local == batch.local);
      CHECK(doubtful(part).remote == batch.remote);
      for (Side side : kSides) {
        CHECK(seen[side].intersect(batch[side]).empty());
        seen[side].add(batch[side]);
      }
    }
    CHECK(seen.local == expected.local);
    CHECK(seen.remote == expected.remote);
  }
}

TEST_CASE("a collision on one side makes doubt, not a pair") {
  // All messages look the same.
  auto blunt = [](const Identity&) { return Look{1, 1}; };
  Lookalikes all{{message(1, 1), message(2, 2)}, {message(5, 1)}};
  Sketches sketches = sketchesOf(all, blunt);
  CHECK(sketches.takeUnmistakable(none).empty());
  Both<UidSet> batch = sketches.takeDoubtful(100);
  CHECK(batch.local.text() == "1:2");
  CHECK(batch.remote.text() == "5");
  CHECK(sketches.takeDoubtful(100).local.empty());
}

TEST_CASE("headers that collide are compared in full") {
  auto blunt = [](const Identity& it) { return Look{1, it.header[0]}; };
  Sketches sketches =
      sketchesOf({{message(1, 1), message(2, 2), message(3, 3)}, {message(5, 1), message(6, 4)}}, blunt);
  CHECK(foundIn(sketches.takeUnmistakable(none)) == Found{{uid(1), uid(5), 0, 0, true}});
  Both<UidSet> batch = sketches.takeDoubtful(100);
  CHECK(batch.local.text() == "2:3");
  CHECK(batch.remote.text() == "6");
}

TEST_CASE("what is taken, or told twice, does not count") {
  Lookalikes all{{message(1, 1), message(2, 1), message(3, 3), message(3, 3)},
                 {message(5, 1), message(6, 3)}};
  Sketches sketches = sketchesOf(all, LookHash());
  auto taken = [](Side side, Uid it) { return side == Side::local && it == uid(1); };
  CHECK(foundIn(sketches.takeUnmistakable(taken)) ==
        Found{{uid(2), uid(5), 0, 0, true}, {uid(3), uid(6), 0, 0, true}});
  CHECK(sketches.takeDoubtful(100).local.empty());
}

TEST_CASE("every bit of an identity counts, and every key has hashes of its own") {
  const Identity one{{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, 1'600'000'000, 4321};
  LookHash hash, other;
  CHECK(hash(one).whole != other(one).whole);
  auto differs = [&](const Identity& it) { return hash(it).whole != hash(one).whole; };
  for (std::size_t bit = 0; bit < 128; ++bit) {
    Identity it = one;
    it.header[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    CHECK(differs(it));
    CHECK(hash(it).header != hash(one).header);
  }
  for (std::size_t bit = 0; bit < 64; ++bit) {
    Identity later = one, larger = one;
    later.date ^= static_cast<std::int64_t>(std::uint64_t{1} << bit);
    larger.size ^= std::uint64_t{1} << bit;
    CHECK(differs(later));
    CHECK(differs(larger));
    CHECK(hash(later).header == hash(one).header);
    CHECK((hash(one).whole >> Look::kWholeBits) == 0);
  }
}
