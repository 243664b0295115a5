// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include <doctest/doctest.h>

#include "ipc/side.h"
#include "store/store.h"

using namespace interimap;
using namespace interimap::store;

TEST_CASE("landmarks of each side are what was set last, until its UIDs mean nothing") {
  Store store{Seam()};
  store.createSchema();
  Transaction transaction = store.begin();
  MailboxId a = store.addMailbox(*MailboxName::of("a"), true);
  std::map<Uid, HeaderDigest> all;
  for (std::uint8_t n = 1; n <= 4; ++n) all.emplace(*Uid::of(n), HeaderDigest{n});
  store.setLandmarks(a, Side::local, all);
  auto uids = [&](Side side) {
    UidSet found;
    for (const auto& [uid, header] : store.landmarks(a, side)) {
      CHECK(header == HeaderDigest{static_cast<std::uint8_t>(uid.value())});
      found.add(uid);
    }
    return found.text();
  };
  CHECK(uids(Side::local) == "1:4");
  CHECK(uids(Side::remote).empty());
  store.setLandmarks(a, Side::local, {{*Uid::of(2), HeaderDigest{2}}});
  CHECK(uids(Side::local) == "2");
  store.forgetPairs(a);
  CHECK(uids(Side::local).empty());
  transaction.commit("landmarks");
}
