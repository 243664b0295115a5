// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include <doctest/doctest.h>

#include "ipc/side.h"
#include "store/store.h"

using namespace interimap;
using namespace interimap::store;

TEST_CASE("of each side the newest landmarks stay, until its UIDs mean nothing") {
  Store store{Seam()};
  store.createSchema();
  Transaction transaction = store.begin();
  MailboxId a = store.addMailbox(*MailboxName::of("a"), true);
  std::map<Uid, HeaderDigest> all;
  for (std::uint8_t n = 1; n <= 6; ++n) all.emplace(*Uid::of(n), HeaderDigest{n});
  store.addLandmarks(a, Side::local, all);
  auto uids = [&](Side side) {
    UidSet found;
    for (const auto& [uid, header] : store.landmarks(a, side)) {
      CHECK(header == HeaderDigest{static_cast<std::uint8_t>(uid.value())});
      found.add(uid);
    }
    return found.text();
  };
  CHECK(uids(Side::local) == "3:6");
  CHECK(uids(Side::remote).empty());
  store.addLandmarks(a, Side::local, {{*Uid::of(9), HeaderDigest{9}}});
  CHECK(uids(Side::local) == "4:6,9");
  store.setLandmarks(a, Side::local, {{*Uid::of(2), HeaderDigest{2}}});
  CHECK(uids(Side::local) == "2");
  store.forgetPairs(a);
  CHECK(uids(Side::local).empty());
  transaction.commit("landmarks");
}
