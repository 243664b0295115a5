// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/mailboxes/renaming_follower.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>

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

TEST_CASE("field 16: no renaming is followed, and none carried on, by a list with a hole") {
  for (bool undertaken : {false, true}) {
    CAPTURE(undertaken);
    Scene scene;
    scene.share("a", 5, 1);
    for (Side side : kSides) scene.servers[side].add("g", 9);
    scene.servers.remote.garbled.insert("g");
    if (undertaken) {
      store::Transaction transaction = scene.store.begin();
      scene.store.undertake({0, *MailboxName::of("g"), MailboxName::of("b"), {}, UidValidity{9}, true});
      transaction.commit("undertake");
      scene.servers.remote.garbled.insert("b");
    } else {
      scene.rename(Side::remote, "a", "b");
    }
    scene.run();
    for (Side side : kSides)
      CHECK(scene.servers[side].count("RENAME") + scene.servers[side].count("CREATE") == 0);
    CHECK(scene.store.undertakings().size() == (undertaken ? 1 : 0));
    CHECK(scene.known() == Names{"a"});
    CHECK(scene.log.status() != ExitStatus::ok);
  }
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

TEST_CASE("field 20: a name that is taken again, swapped or passed on is followed by what it was") {
  struct {
    const char* what;
    std::function<void(Scene&, Side)> change;
  } table[] = {
      {"taken again",
       [](Scene& scene, Side side) {
         scene.rename(side, "a", "a-2025");
         scene.servers[side].add("a", 50, {77});
       }},
      {"swapped",
       [](Scene& scene, Side side) {
         scene.rename(side, "a", "t");
         scene.rename(side, "b", "a");
         scene.rename(side, "t", "b");
       }},
      {"passed on",
       [](Scene& scene, Side side) {
         scene.rename(side, "c", "d");
         scene.rename(side, "b", "c");
         scene.rename(side, "a", "b");
         scene.servers[side].add("a", 50);
       }},
      {"in a circle",
       [](Scene& scene, Side side) {
         scene.rename(side, "c", "t");
         scene.rename(side, "b", "c");
         scene.rename(side, "a", "b");
         scene.rename(side, "t", "a");
       }},
      {"one that was empty",
       [](Scene& scene, Side side) {
         scene.rename(side, "e", "t");
         scene.rename(side, "a", "e");
         scene.rename(side, "t", "a");
       }},
      {"with what is below",
       [](Scene& scene, Side side) {
         scene.rename(side, "p", "t");
         scene.rename(side, "b", "p");
         scene.rename(side, "t", "b");
         scene.servers[side].add("p/c", 51);
       }},
  };
  for (const auto& row : table)
    for (Side side : kSides)
      for (int times = 1; times <= 2; ++times) {  // the second time by the same client on both
        CAPTURE(row.what);
        CAPTURE(times);
        Scene scene;
        std::uint32_t validity = 5;
        for (const char* name : {"a", "b", "c", "p", "p/c"}) {
          ++validity;
          scene.share(name, validity, static_cast<std::uint8_t>(validity));
        }
        for (Side each : kSides) scene.servers[each].add("e", 20);
        scene.know("e");
        row.change(scene, side);
        if (times == 2) row.change(scene, other(side));
        auto mailboxes = scene.servers[side].mailboxes;
        scene.run();
        CHECK(scene.names(Side::local) == scene.names(Side::remote));
        CHECK(scene.known() == scene.names(Side::local));
        CHECK(scene.log.status() == ExitStatus::ok);
        CHECK(scene.servers[side].count("RENAME") == 0);
        for (const auto& entry : scene.servers[other(side)].mailboxes) {
          const auto& name = entry.first;
          const auto& mailbox = entry.second;
          CAPTURE(name);
          if (!mailbox.messages.empty()) CHECK(mailbox.messages == mailboxes[name].messages);
        }
        for (const store::KnownMailbox& known : scene.store.mailboxes()) {
          auto state = scene.store.state(known.id, side);
          std::string name = known.name.bytes();
          std::ranges::replace(name, '\0', '/');
          if (state) CHECK(state->uidValidity.value == mailboxes[name].uidValidity);
        }
      }
}

TEST_CASE("field 20: a parent of many that was renamed is one RENAME") {
  Scene scene;
  for (Side side : kSides) {
    scene.servers[side].add("p", 0);
    scene.servers[side].mailboxes["p"].noSelect = true;
    for (int n = 0; n < 100; ++n) scene.servers[side].add("p/" + std::to_string(n), 10 + n);
  }
  for (int n = 0; n < 100; ++n) scene.know("p/" + std::to_string(n));
  scene.rename(Side::local, "p", "q");
  SUBCASE("and only one") {
    scene.run();
    CHECK(scene.servers.remote.count("RENAME") == 1);
  }
  SUBCASE("or as many as there are, for a server that cannot") {
    scene.servers.remote.answers = [](const std::string& command) -> std::optional<answer::Done> {
      if (command != "RENAME p q") return std::nullopt;
      return answer::Done{answer::Done::Completion::no, "", "not a mailbox"};
    };
    scene.run();
    CHECK(scene.servers.remote.count("RENAME") == 101);
    scene.servers.remote.mailboxes.erase("p");
    scene.servers.local.mailboxes.erase("q");
  }
  CHECK(scene.names(Side::local) == scene.names(Side::remote));
  CHECK(scene.log.status() == ExitStatus::ok);
  CHECK(scene.store.mailboxes().size() == 100);
}

TEST_CASE("field 20: UIDVALIDITY of all mailboxes that changed is no renaming") {
  Scene scene;
  std::uint32_t validity = 5;
  for (const char* name : {"a", "b", "c"}) {
    for (Side side : kSides) scene.servers[side].add(name, ++validity);
    scene.know(name);
  }
  for (auto& [_, mailbox] : scene.servers.remote.mailboxes) mailbox.uidValidity += 2;  // of the one before
  scene.run();
  for (Side side : kSides)
    CHECK(scene.servers[side].count("RENAME") + scene.servers[side].count("CREATE") == 0);
}

TEST_CASE("field 20: what is printed where it is not sure names the ways out") {
  Scene scene;
  scene.share("a", 5, 1);
  scene.rename(Side::remote, "a", "b");
  scene.servers.remote.mailboxes["c"] = scene.servers.remote.mailboxes["b"];
  scene.servers.remote.add("a", 50);
  scene.run();
  CHECK(
      scene.hasSaid("If it was a: `interimap --target=local,database --rename a b`; if a was deleted: "
                    "`interimap --target=local,database --delete a`."));
  CHECK(scene.servers.local.count("RENAME") + scene.servers.local.count("CREATE") == 0);
}

TEST_CASE("renaming follower: renamed differently on both sides, the local name counts") {
  struct {
    const char* what;
    std::function<void(Scene&)> change;
    Names here, there;
    ExitStatus status;
  } table[] = {
      {"only so", [](Scene&) {}, {"b", "y", "y/c"}, {"b", "y", "y/c"}, ExitStatus::ok},
      {"nothing may be written to remote",
       [](Scene& scene) {
         settings::OfMailbox& rule = scene.settings.ofMailboxes.emplace_back();
         rule.pattern = "*";
         rule.direction = settings::OfMailbox::Direction::toLocal;
       },
       {"b", "z", "z/c"},
       {"b", "z", "z/c"},
       ExitStatus::ok},
      {"the name is taken there",
       [](Scene& scene) { scene.servers.remote.add("y", 77, {9}); },
       {"b", "y", "y/c"},
       {"b", "y", "z", "z/c"},
       ExitStatus::data},
      {"other messages",
       [](Scene& scene) {
         for (auto& entry : scene.servers.remote.mailboxes["z"].messages) entry.second.header = 99;
       },
       {"b", "y", "y/c"},
       {"b", "z", "z/c"},
       ExitStatus::data},
  };
  for (const auto& row : table) {
    CAPTURE(row.what);
    Scene scene;
    scene.share("a", 5, 1);
    scene.share("a/c", 6, 2);
    scene.share("b", 7, 3);
    scene.rename(Side::local, "a", "y");
    scene.rename(Side::remote, "a", "z");
    row.change(scene);
    scene.run();
    CHECK(scene.names(Side::local) == row.here);
    CHECK(scene.names(Side::remote) == row.there);
    CHECK(scene.log.status() == row.status);
    for (Side side : kSides) CHECK(scene.servers[side].count("CREATE") == 0);
    if (row.status == ExitStatus::ok) CHECK(scene.known() == row.here);
  }
}

TEST_CASE("renaming follower: a subscription goes along, whatever the server does with the old name") {
  for (bool keeps : {true, false}) {
    CAPTURE(keeps);
    Scene scene;
    scene.share("a", 5, 1);
    {
      store::Transaction transaction = scene.store.begin();
      scene.store.setSubscribed(scene.set.ids().begin()->second, true);
      transaction.commit("subscribe");
    }
    for (Side side : kSides) scene.servers[side].mailboxes["a"].subscribed = true;
    scene.rename(Side::local, "a", "b");
    scene.servers.local.mailboxes["b"].subscribed = keeps;
    scene.run();
    for (Side side : kSides) CHECK(scene.servers[side].mailboxes["b"].subscribed);
    CHECK(scene.servers.local.count("SUBSCRIBE b") == (keeps ? 0 : 1));
    CHECK(scene.servers.local.count("UNSUBSCRIBE a") == 1);
    CHECK(scene.store.mailboxes().front().subscribed);
  }
}
