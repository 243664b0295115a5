// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/mailboxes/renaming_follower.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "sync/mailboxes/mailboxes_scene.h"

using namespace interimap;

namespace {

using Names = std::vector<std::string>;

struct Scene : MailboxesScene {
  Lists lists{settings, both(), log};
  MailboxSet set{settings, both(), store, log, lists};
  RenamingFollower follower{both(), store, log, lists, set};

  Scene() { settings.errand = settings::Errand::synchronise; }
  // Both have it, with a message that is nowhere else, and it is known.
  void share(const std::string& name, std::uint32_t uidValidity, std::uint8_t header) {
    for (Side side : kSides) servers[side].add(name, uidValidity, {header});
    know(name);
  }
  // As by another client.
  void rename(Side side, const std::string& from, const std::string& to) {
    auto& mailboxes = servers[side].mailboxes;
    std::map<std::string, SimulatedServer::Mailbox> moved;
    for (auto& [name, mailbox] : mailboxes)
      moved[name == from || name.starts_with(from + "/") ? to + name.substr(from.size()) : name] = mailbox;
    mailboxes = std::move(moved);
  }
  void run() {
    lists.fetch();
    follower.resume();
    set.checkListings(true);
    follower.follow();
    set.forgetGone(false);
    set.carryOut(set.plan());
  }
  Names names(Side side) const {
    Names names;
    for (const auto& [name, _] : servers[side].mailboxes) names.push_back(name);
    return names;
  }
};

}  // namespace

TEST_CASE("renaming follower: what one side renamed is renamed on the other, and nothing is created") {
  for (Side side : kSides) {
    Scene scene;
    scene.share("a", 5, 1);
    scene.share("b", 6, 2);
    scene.rename(side, "a", "c");
    scene.run();
    CHECK(scene.servers[other(side)].count("RENAME a c") == 1);
    for (Side each : kSides) {
      CHECK(scene.servers[each].count("CREATE") == 0);
      CHECK(scene.names(each) == Names{"b", "c"});
    }
    CHECK(scene.known() == Names{"b", "c"});
    CHECK(scene.log.status() == ExitStatus::ok);
  }
}

TEST_CASE("renaming follower: a parent takes along what is below it") {
  Scene scene;
  scene.share("a", 5, 1);
  for (std::uint8_t n = 1; n < 9; ++n)
    scene.share("a/" + std::to_string(n), 5 + n, static_cast<std::uint8_t>(n + 1));
  scene.rename(Side::remote, "a", "z");
  scene.run();
  CHECK(scene.servers.local.count("RENAME") == 1);
  CHECK(scene.names(Side::local) == scene.names(Side::remote));
  CHECK(scene.known() == scene.names(Side::remote));
}

TEST_CASE("renaming follower: other messages under the same UIDVALIDITY are another mailbox") {
  Scene scene;
  scene.share("a", 5, 1);
  scene.servers.remote.mailboxes.erase("a");
  scene.servers.remote.add("b", 5, {9});
  scene.run();
  CHECK(scene.servers.local.count("RENAME") == 0);
  CHECK(scene.servers.local.count("CREATE b") == 1);
  CHECK(scene.log.status() == ExitStatus::data);  // a is gone from remote
}

TEST_CASE("renaming follower: what cannot be told is reported and left alone") {
  Scene scene;
  scene.share("a", 5, 1);
  scene.rename(Side::remote, "a", "b");
  scene.servers.remote.mailboxes["c"] = scene.servers.remote.mailboxes["b"];
  scene.run();
  CHECK(scene.servers.local.count("RENAME") + scene.servers.local.count("CREATE") == 0);
  CHECK(scene.log.status() == ExitStatus::data);
  CHECK(scene.known() == Names{"a"});
}

TEST_CASE("renaming follower: --dry-run says it, and does nothing") {
  Scene scene;
  scene.share("a", 5, 1);
  scene.rename(Side::remote, "a", "b");
  scene.lists.fetch();
  scene.set.checkListings(true);
  scene.follower.preview();
  CHECK(scene.hasSaid("Would follow the renaming of mailbox a to b"));
  CHECK(scene.names(Side::local) == Names{"a"});
  CHECK(scene.known() == Names{"a"});
}

TEST_CASE("renaming follower: one that was interrupted is finished") {
  Scene scene;
  scene.share("a", 5, 1);
  {
    store::Transaction transaction = scene.store.begin();
    scene.store.undertake(
        {0, *MailboxName::of("a"), MailboxName::of("b"), UidValidity{5}, UidValidity{5}, true});
    transaction.commit("undertake");
  }
  scene.rename(Side::local, "a", "b");
  scene.run();
  CHECK(scene.servers.local.count("RENAME") == 0);
  CHECK(scene.servers.remote.count("RENAME a b") == 1);
  CHECK(scene.known() == Names{"b"});
}
