// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "store/reference_state.h"

#include <doctest/doctest.h>

using namespace interimap;
using namespace interimap::store;
using namespace std::string_literals;

TEST_CASE("a state file of the reference") {
  const struct {
    std::string octets;
    std::uint32_t uidValidity;
    std::uint64_t uidNext;
    const char* delivered;
  } cases[] = {
      {"\0\0\0\5"s, 5, 1, ""},
      {"\1\2\3\4\0\0\0\7"s, 0x01020304, 7, ""},
      {"\xff\xff\xff\xff\xff\xff\xff\xff"s, 0xffffffff, 0xffffffff, ""},
      {"\0\0\0\5\0\0\0\7\0\0\0\7\0\0\0\x9\0\0\0\x8"s, 5, 7, "7:9"},
      {"\0\0\0\5\0\0\0\7\0\0\0\3\0\0\1\0"s, 5, 7, "256"},
      {"\0\0\0\0\0\0\0\7"s, 0, 7, ""},
  };
  for (const auto& each : cases) {
    auto state = ReferenceState::parse(each.octets);
    REQUIRE(state);
    CHECK(state->uidValidity.value == each.uidValidity);
    CHECK(state->uidNext.value == each.uidNext);
    CHECK(state->delivered.text() == each.delivered);
    CHECK(ReferenceState::parse(state->octets()) == state);
  }
}

TEST_CASE("a state file that is corrupt") {
  for (const std::string& octets : {""s, "\1"s, "\1\2\3"s, "\1\2\3\4\5"s, "\1\2\3\4\0\0\0\0"s,
                                    "\1\2\3\4\0\0\0\1\0\0\0\0"s, "\1\2\3\4\0\0\0\1\0\0\0"s}) {
    CAPTURE(octets.size());
    CHECK_FALSE(ReferenceState::parse(octets));
  }
}

// Every other UID, the last one first: what takes time in proportion to the square would take hours.
TEST_CASE("a state file in the worst order is read in no time") {
  constexpr std::uint32_t kMany = 2'000'000;
  std::string octets = "\0\0\0\5\0\0\0\1"s;
  for (std::uint32_t n = 2 * kMany; n > 0; n -= 2)
    for (int shift : {24, 16, 8, 0}) octets += static_cast<char>(n >> shift & 0xff);
  auto state = ReferenceState::parse(octets);
  REQUIRE(state);
  CHECK(state->delivered.size() == kMany);
}
