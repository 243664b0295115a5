// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include <doctest/doctest.h>

#include "ipc/side.h"
#include "store/store.h"

using namespace interimap;
using namespace interimap::store;

TEST_CASE("what was copied a short while ago is remembered, by side, until its UIDs mean nothing") {
  Store store{Seam()};
  store.createSchema();
  Transaction transaction = store.begin();
  MailboxId a = store.addMailbox(*MailboxName::of("a"), true),
            b = store.addMailbox(*MailboxName::of("b"), true);
  store.addCopied(a, Side::local, *UidSet::parse("3:5,9"));
  store.addCopied(a, Side::local, *UidSet::parse("6"));
  store.addCopied(a, Side::remote, *UidSet::parse("7"));
  store.addCopied(b, Side::local, *UidSet::parse("1"));
  CHECK(store.copied(a, Side::local).text() == "3:6,9");
  CHECK(store.copied(a, Side::remote).text() == "7");
  store.forgetCopied(a);
  CHECK(store.copied(a, Side::local).text() == "3:6,9");
  store.forgetPairs(a);
  for (Side side : kSides) CHECK(store.copied(a, side).empty());
  store.removeMailbox(b);
  CHECK(store.copied(b, Side::local).empty());
  transaction.commit("copied");
}
