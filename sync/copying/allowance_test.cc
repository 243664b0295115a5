// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/copying/allowance.h"

#include <doctest/doctest.h>

#include <limits>

using namespace interimap;

namespace {

constexpr std::int64_t kDay = 86400, kToday = 20000 * kDay;

struct Scene {
  explicit Scene(std::uint64_t local, std::uint64_t remote) {
    settings.of.local.daily = local;
    settings.of.remote.daily = remote;
    store.createSchema();
  }
  void spend(std::uint64_t octets) {
    store::Transaction transaction = store.begin();
    allowance.spend(store, octets);
    transaction.commit("octets");
  }

  settings::Sync settings;
  store::Store store{store::Seam()};
  std::int64_t now = kToday + 1000;
  Allowance allowance{settings, [this] { return now; }};
};

}  // namespace

TEST_CASE("daily: what is left, by the account that has less of it") {
  constexpr std::uint64_t kAny = std::numeric_limits<std::uint64_t>::max();
  const struct {
    std::uint64_t local, remote, spent, left;
  } kCases[] = {
      {0, 0, 5000, kAny}, {1000, 0, 0, 1000}, {0, 1000, 400, 600},     {1000, 700, 400, 300},
      {1000, 0, 1000, 0}, {1000, 0, 1001, 0}, {1000, 0, kAny >> 1, 0},
  };
  for (const auto& each : kCases) {
    CAPTURE(each.local);
    CAPTURE(each.remote);
    CAPTURE(each.spent);
    Scene scene(each.local, each.remote);
    CHECK(scene.allowance.isLimited() == (each.local + each.remote > 0));
    scene.spend(each.spent);
    CHECK(scene.allowance.left(scene.store) == each.left);
    scene.now = kToday + kDay - 1;
    CHECK(scene.allowance.left(scene.store) == each.left);
    for (std::int64_t another : {kToday + kDay, kToday - 1}) {
      scene.now = another;
      Scene fresh(each.local, each.remote);
      CHECK(scene.allowance.left(scene.store) == fresh.allowance.left(fresh.store));
    }
  }
}

TEST_CASE("daily: used up is what something waits for, until the day is over") {
  Scene scene(0, 100);
  CHECK_FALSE(scene.allowance.usedUp(scene.store));
  scene.spend(100);
  CHECK_FALSE(scene.allowance.usedUp(scene.store));
  scene.allowance.putOff({7});
  CHECK(scene.allowance.isPutOff({7}));
  CHECK_FALSE(scene.allowance.isPutOff({8}));
  auto usedUp = scene.allowance.usedUp(scene.store);
  REQUIRE(usedUp);
  CHECK(usedUp->side == Side::remote);
  CHECK(usedUp->time == std::chrono::seconds(kDay - 1000));
  scene.now = kToday + kDay;  // in the middle of a run
  REQUIRE(scene.allowance.usedUp(scene.store));
  CHECK(scene.allowance.usedUp(scene.store)->time == std::chrono::seconds(0));
  scene.allowance.resume();
  CHECK_FALSE(scene.allowance.usedUp(scene.store));
  CHECK_FALSE(scene.allowance.isPutOff({7}));
}
