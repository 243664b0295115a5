// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/mailboxes/ownership.h"

#include <doctest/doctest.h>

#include "sync/mailboxes/mailboxes_scene.h"

using namespace interimap;

TEST_CASE("ownership: a database goes with its accounts, and with a new name for what they hold") {
  struct {
    const char *recorded, *now;
    std::uint32_t uidValidity;  // of what is listed now; known is 7
    bool accepted;
    const char* then;
  } table[] = {
      {"me@a", "me@a", 7, true, "me@a"},       {"me@a", "me@b", 7, true, "me@b"},
      {"me@a", "me@b", 8, false, "me@a"},      {"me@a", "you@a", 7, false, "me@a"},
      {"me@a", "tunnel:x", 8, true, "me@a"},   {"me@a", "", 8, true, "me@a"},
      {"me@x@a", "me@x@b", 7, true, "me@x@b"}, {"me@x@a", "me@y@a", 7, false, "me@x@a"},
      {nullptr, "me@a", 8, true, "me@a"},
  };
  for (const auto& row : table) {
    CAPTURE(row.now);
    CAPTURE(row.uidValidity);
    MailboxesScene scene;
    for (Side side : kSides) scene.servers[side].add("a", 7);
    scene.know("a");
    if (row.recorded) {
      store::Transaction transaction = scene.store.begin();
      scene.store.setAccount(Side::remote, row.recorded);
      transaction.commit("account");
    }
    scene.servers.remote.mailboxes["a"].uidValidity = row.uidValidity;
    scene.settings.of.remote.name = row.now;
    Lists lists(scene.settings, scene.both(), scene.log);
    lists.fetch();
    Both<const Listing*> listings{&lists.listing(Side::local), &lists.listing(Side::remote)};
    if (row.accepted)
      CHECK_NOTHROW(checkOwnership(scene.settings, listings, scene.store, scene.log));
    else
      CHECK_THROWS_AS(checkOwnership(scene.settings, listings, scene.store, scene.log), AboutFailure);
    CHECK(scene.store.account(Side::remote).value_or("") == row.then);
  }
}
