// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/copying/room.h"

#include <doctest/doctest.h>

#include <deque>

using namespace interimap;

namespace {

constexpr std::uint64_t kMiB = 1 << 20;

}  // namespace

TEST_CASE("room: one lane has all of it, and a message larger than that goes alone") {
  Room room;
  Room::Share lane(room);
  CHECK(lane.windowOctets() == Room::kWindowOctets);
  std::deque<Room::Place> places;
  for (std::uint64_t n = 0; n < Room::kOctets / kMiB; ++n) {
    REQUIRE(lane.admits(kMiB));
    places.emplace_back(lane, kMiB);
  }
  CHECK_FALSE(lane.admits(1));
  places.pop_front();
  CHECK(lane.admits(kMiB));
  CHECK_FALSE(lane.admits(2 * kMiB));
  places.clear();
  REQUIRE(lane.admits(100 * kMiB));
  places.emplace_back(lane, 100 * kMiB);
  CHECK_FALSE(lane.admits(1));
}

TEST_CASE("room: windows are counted, whatever their size") {
  Room room;
  Room::Share one(room), other(room);
  std::deque<Room::Place> places;
  for (std::size_t n = 0; n < Room::kWindows / 2; ++n) {
    REQUIRE(one.admits(0));
    places.emplace_back(one, 0);
  }
  CHECK_FALSE(one.admits(0));
  CHECK(other.admits(0));
}

TEST_CASE("room: all lanes together have no more than one") {
  Room room;
  Room::Share first(room);
  std::deque<Room::Place> places;
  for (std::uint64_t n = 0; n < 8; ++n) places.emplace_back(first, kMiB);
  Room::Share second(room);
  CHECK(second.windowOctets() == kMiB);
  CHECK_FALSE(second.admits(kMiB));  // and is the next
  places.pop_front();
  CHECK_FALSE(first.admits(1));
  REQUIRE(second.admits(kMiB));
  Room::Place its(second, kMiB);
  for (int n = 0; n < 4; ++n) places.pop_front();
  CHECK(first.admits(kMiB));  // three of its four are left
  CHECK_FALSE(first.admits(2 * kMiB));
  {
    Room::Share third(room), fourth(room);
    CHECK(first.windowOctets() == kMiB / 2);
    CHECK_FALSE(first.admits(kMiB));
    CHECK_FALSE(third.admits(6 * kMiB));
    CHECK_FALSE(fourth.admits(1));  // the large one comes first
    third.renounce();
    CHECK(fourth.admits(1));
    CHECK_FALSE(third.admits(100 * kMiB));
  }
  CHECK(first.admits(kMiB));  // nobody waits any more
}
