// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include <doctest/doctest.h>

#include "ipc/side.h"
#include "store/store.h"

using namespace interimap;
using namespace interimap::store;

TEST_CASE("a greeting is kept for each side, and no login goes ahead of one for which it was in vain") {
  Store store{Seam()};
  CHECK(store.greeting(Side::local).empty());  // there are no tables yet
  store.createSchema();
  CHECK(store.greeting(Side::local).empty());
  store.putGreeting(Side::local, "[CAPABILITY IMAP4rev1] one");
  store.putGreeting(Side::remote, "[CAPABILITY IMAP4rev1] other");
  CHECK(store.greeting(Side::local) == "[CAPABILITY IMAP4rev1] one");
  store.waitForGreeting(Side::local);
  CHECK(store.greeting(Side::local).empty());
  CHECK(store.greeting(Side::remote) == "[CAPABILITY IMAP4rev1] other");
  SUBCASE("as long as it is the same") {
    store.putGreeting(Side::local, "[CAPABILITY IMAP4rev1] one");
    CHECK(store.greeting(Side::local).empty());
  }
  SUBCASE("but of another one") {
    store.putGreeting(Side::local, "[CAPABILITY IMAP4rev1] new");
    CHECK(store.greeting(Side::local) == "[CAPABILITY IMAP4rev1] new");
  }
  SUBCASE("and of none") {
    store.putGreeting(Side::remote, "");
    CHECK(store.greeting(Side::remote).empty());
  }
}

TEST_CASE("a greeting that is known already is not written") {
  unsigned commits = 0;
  Store store{[&](const char*, bool after) { commits += after; }};
  store.createSchema();
  store.putGreeting(Side::local, "hello");
  const unsigned before = commits;
  store.putGreeting(Side::local, "hello");
  store.putGreeting(Side::remote, "");
  CHECK(commits == before);
}
