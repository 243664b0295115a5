// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include <doctest/doctest.h>

#include "store/store.h"

using namespace interimap;
using namespace interimap::store;

TEST_CASE("what was transferred is counted by side, until another day begins") {
  Store store{Seam()};
  store.createSchema();
  Transaction transaction = store.begin();
  CHECK(store.spent(Side::local, 20000) == 0);
  store.spend(Side::local, 20000, 5);
  store.spend(Side::local, 20000, 1ULL << 40);
  store.spend(Side::remote, 20000, 7);
  CHECK(store.spent(Side::local, 20000) == (1ULL << 40) + 5);
  CHECK(store.spent(Side::remote, 20000) == 7);
  CHECK(store.spent(Side::local, 20001) == 0);
  store.spend(Side::local, 20001, 3);
  CHECK(store.spent(Side::local, 20001) == 3);
  CHECK(store.spent(Side::local, 20000) == 0);
  store.spend(Side::local, 19999, 2);  // the clock was set back
  CHECK(store.spent(Side::local, 19999) == 2);
  CHECK(store.spent(Side::remote, 20000) == 7);
  transaction.commit("spent");
}
