// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include <doctest/doctest.h>

#include "store/scratch.h"
#include "store/store.h"

using namespace interimap;
using namespace interimap::store;

TEST_CASE("undertakings are kept until they are accomplished, oldest first") {
  Scratch scratch;
  const Undertaking rename{0,  mailbox("a"), mailbox(std::string("b\0c", 3)), UidValidity{0xffffffffU},
                           {}, true},
      remove{0, mailbox("b"), {}, UidValidity{0}, UidValidity{7}, false},
      follow{0, mailbox("d"), {}, {}, UidValidity{7}, true, true};
  {
    Store store(scratch.path(), "db", true);
    store.createSchema();
    CHECK(store.undertakings().empty());
    Transaction transaction = store.begin();
    store.undertake(rename);
    store.undertake(remove);
    store.undertake(follow);
    transaction.commit("undertake");
  }
  Store store(scratch.path(), "db", false);
  std::vector<Undertaking> found = store.undertakings();
  REQUIRE(found.size() == 3);
  CHECK(found[0].id != found[1].id);
  Transaction transaction = store.begin();
  store.accomplish(found[0].id);
  transaction.commit("accomplish");
  CHECK(store.undertakings() == std::vector{found[1], found[2]});
  for (Undertaking& undertaking : found) undertaking.id = 0;
  CHECK(found == std::vector{rename, remove, follow});
}
