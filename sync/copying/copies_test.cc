// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/copying/copies.h"

#include <doctest/doctest.h>

#include <string>

using namespace interimap;

namespace {

Uid uid(std::uint32_t n) { return *Uid::of(n); }
Flags flags(const std::string& text) { return *Flags::parse(text); }

}  // namespace

TEST_CASE("copies are found, with their sizes and flags") {
  Copies copies;
  copies.add(uid(7), 100, flags("\\Seen"));
  copies.add(uid(3), 0, flags(""));
  copies.add(uid(4294967295U), 200, flags("work \\Seen"));
  copies.add(uid(9), 5, flags("\\seen"));
  copies.sort();
  REQUIRE(copies.find(uid(7)));
  CHECK(copies.find(uid(7)).isOfSize(100));
  CHECK_FALSE(copies.find(uid(7)).isOfSize(101));
  CHECK(*copies.find(uid(7)).flags() == flags("\\Seen"));
  CHECK(copies.find(uid(3)).isOfSize(0));
  CHECK(copies.find(uid(3)).flags()->empty());
  CHECK(*copies.find(uid(4294967295U)).flags() == flags("\\Seen work"));
  CHECK(*copies.find(uid(9)).flags() == flags("\\Seen"));
  for (std::uint32_t none : {1U, 4U, 8U, 10U}) {
    CHECK_FALSE(copies.find(uid(none)));
    CHECK(copies.find(uid(none)).flags() == nullptr);
  }
  CHECK_FALSE(Copies().find(uid(1)));
}

TEST_CASE("copies beyond 1 MiB are still told apart") {
  Copies copies;
  const std::uint64_t large = (1ULL << 40) + 12345;
  copies.add(uid(1), large, Flags());
  copies.sort();
  CHECK(copies.find(uid(1)).isOfSize(large));
  for (std::uint64_t other : {large - 1, large + 1, large + 4096, std::uint64_t{0}})
    CHECK_FALSE(copies.find(uid(1)).isOfSize(other));
}

TEST_CASE("of copies with very many kinds of flags, those of the first are known, and none is mistaken") {
  Copies copies;
  for (std::uint32_t n = 1; n <= 10000; ++n) copies.add(uid(n), n, flags("k" + std::to_string(n)));
  copies.add(uid(10001), 1, flags("k1"));
  copies.sort();
  std::size_t known = 0;
  for (std::uint32_t n = 1; n <= 10000; ++n) {
    auto copy = copies.find(uid(n));
    CHECK(copy.isOfSize(n));
    if (copy.flags() == nullptr) continue;
    ++known;
    CHECK(*copy.flags() == flags("k" + std::to_string(n)));
  }
  CHECK(known == 4095);
  CHECK(*copies.find(uid(10001)).flags() == flags("k1"));
}
