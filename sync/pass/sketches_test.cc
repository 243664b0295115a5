// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pass/sketches.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <set>
#include <vector>

using namespace interimap;

namespace {

Uid uid(std::uint32_t n) { return *Uid::of(n); }
HeaderDigest header(std::uint8_t n) { return {n}; }
bool none(Side, Uid) { return false; }

}  // namespace

TEST_CASE("sketches find the messages whose header both sides have, in batches of any size") {
  std::mt19937 random(17);
  for (int i = 0; i < 500; ++i) {
    CAPTURE(i);
    Sketches sketches{HeaderHash()};
    Both<std::vector<std::uint8_t>> headers;  // by UID, from 1 on
    for (Side side : kSides) {
      for (std::uint32_t n = random() % 24; n > 0; --n)
        headers[side].push_back(static_cast<std::uint8_t>(random() % 12));
      for (std::size_t at = headers[side].size(); at > 0; --at)
        sketches.add(side, uid(static_cast<std::uint32_t>(at)), header(headers[side][at - 1]));
    }
    Both<UidSet> expected, seen;
    std::set<std::uint8_t> common;
    for (Side side : kSides)
      for (std::size_t at = 0; at < headers[side].size(); ++at) {
        if (std::ranges::count(headers[other(side)], headers[side][at]) == 0) continue;
        expected[side].add(uid(static_cast<std::uint32_t>(at + 1)));
        common.insert(headers[side][at]);
      }
    sketches.match(none);
    CHECK(sketches.common() == common.size());
    for (Side side : kSides) CHECK(sketches.seen()[side] == headers[side].size());
    for (std::size_t most = 1 + random() % 4;;) {
      Both<UidSet> batch = sketches.take(most);
      CHECK(batch.local.empty() == batch.remote.empty());
      if (batch.local.empty()) break;
      for (Side side : kSides) {
        CHECK(seen[side].intersect(batch[side]).empty());
        // What may have a partner is in the same batch.
        for (Uid each : batch[side].each())
          for (std::size_t at = 0; at < headers[other(side)].size(); ++at)
            if (headers[other(side)][at] == headers[side][each.value() - 1])
              CHECK(batch[other(side)].contains(uid(static_cast<std::uint32_t>(at + 1))));
        seen[side].add(batch[side]);
      }
    }
    CHECK(seen.local == expected.local);
    CHECK(seen.remote == expected.remote);
  }
}

TEST_CASE("headers that collide are compared, too") {
  Sketches sketches([](const HeaderDigest&) { return 1U; });
  sketches.add(Side::local, uid(1), header(1));
  sketches.add(Side::local, uid(2), header(2));
  sketches.add(Side::remote, uid(5), header(3));
  sketches.match(none);
  Both<UidSet> batch = sketches.take(100);
  CHECK(batch.local.text() == "1:2");
  CHECK(batch.remote.text() == "5");
  CHECK(sketches.take(100).local.empty());
}

TEST_CASE("what is taken, or told twice, does not count") {
  Sketches sketches{HeaderHash()};
  for (auto [n, digest] : {std::pair(1, 1), {2, 1}, {3, 3}, {3, 3}, {4, 4}})
    sketches.add(Side::local, uid(static_cast<std::uint32_t>(n)), header(static_cast<std::uint8_t>(digest)));
  for (auto [n, digest] : {std::pair(5, 1), {6, 3}, {7, 4}})
    sketches.add(Side::remote, uid(static_cast<std::uint32_t>(n)), header(static_cast<std::uint8_t>(digest)));
  sketches.match([](Side side, Uid it) { return it == uid(side == Side::local ? 1 : 7); });
  CHECK(sketches.seen().local == 3);
  CHECK(sketches.common() == 2);
  Both<UidSet> batch = sketches.take(100);
  CHECK(batch.local.text() == "2:3");
  CHECK(batch.remote.text() == "5:6");
}

TEST_CASE("every bit of a header counts, and every hash has keys of its own") {
  const HeaderDigest one{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
  HeaderHash hash, another;
  CHECK(hash(one) != another(one));
  for (std::size_t bit = 0; bit < 128; ++bit) {
    HeaderDigest it = one;
    it[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    CHECK(hash(it) != hash(one));
  }
}
