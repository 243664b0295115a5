// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/mailboxes/one_account.h"

#include <doctest/doctest.h>

#include <functional>
#include <string>

#include "ipc/failure.h"
#include "sync/mailboxes/mailboxes_scene.h"

using namespace interimap;

namespace {

// What is created or deleted on either is on both.
void unite(MailboxesScene& scene) {
  for (Side side : kSides)
    scene.servers[side].answers = [&scene](const std::string& command) -> std::optional<answer::Done> {
      for (Side each : kSides) {
        auto& mailboxes = scene.servers[each].mailboxes;
        if (command.starts_with("CREATE ")) mailboxes[command.substr(7)].uidValidity = 99;
        if (command.starts_with("DELETE ")) mailboxes.erase(command.substr(7));
      }
      if (!command.starts_with("CREATE ") && !command.starts_with("DELETE ")) return std::nullopt;
      return answer::Done{};
    };
}

struct Row {
  const char* what;
  bool united;
  std::function<void(MailboxesScene&)> change;
  bool probed, refused;
};

}  // namespace

TEST_CASE("field 3: one account on both sides is refused, two that look alike are not") {
  auto nothing = [](MailboxesScene&) {};
  auto nested = [](MailboxesScene& scene) { scene.settings.of.remote.reference = "copy/"; };
  const Row rows[] = {
      {"one account", true, nothing, true, true},
      {"one is a replica of the other", false, nothing, true, false},
      {"another UIDVALIDITY", true, [](auto& scene) { scene.servers.remote.mailboxes["b"].uidValidity = 5; },
       false, false},
      {"another UIDNEXT", false, [](auto& scene) { scene.servers.remote.mailboxes["b"].uidNext = 5; }, false,
       false},
      {"another message", false,
       [](auto& scene) { scene.servers.remote.mailboxes["b"].messages[1].header = 5; }, false, false},
      {"nothing is there", true,
       [](auto& scene) {
         for (Side side : kSides) scene.servers[side].mailboxes.clear();
       },
       false, false},
      {"it was synchronised before", true, [](auto& scene) { scene.know("INBOX"); }, false, false},
      {"--dry-run", true, [](auto& scene) { scene.settings.dryRun = true; }, false, false},
      {"the part that is to be the copy is empty yet", true, nested, true, true},
      {"or it is not", true,
       [](auto& scene) {
         scene.settings.of.local.reference = "copy/";
         for (Side side : kSides) scene.servers[side].add("copy/INBOX", 17, {1});
       },
       true, true},
      {"it is left out", true,
       [](auto& scene) {
         scene.settings.of.remote.reference = "copy/";
         scene.settings.ignore = "^copy";
       },
       true, false},
      {"two parts that have nothing in common", true,
       [](auto& scene) {
         scene.settings.of.local.reference = "mine/";
         scene.settings.of.remote.reference = "copy/";
       },
       false, false},
  };
  for (const Row& row : rows) {
    CAPTURE(std::string(row.what));
    MailboxesScene scene;
    for (Side side : kSides) {
      scene.servers[side].add("INBOX", 7, {1, 2, 3});
      scene.servers[side].add("b", 8, {4});
    }
    row.change(scene);
    if (row.united) unite(scene);
    Lists lists(scene.settings, scene.both(), scene.log);
    lists.fetch();
    auto check = [&] { refuseOneAccount(scene.settings, scene.both(), lists, scene.store, scene.log); };
    ExitStatus status = ExitStatus::ok;
    try {
      check();
    } catch (const Failure& failure) {
      status = failure.status;
    }
    CHECK(status == (row.refused ? ExitStatus::config : ExitStatus::ok));
    CHECK(scene.servers.local.count("CREATE") + scene.servers.remote.count("CREATE") == (row.probed ? 1 : 0));
    for (Side side : kSides)  // nothing is left of the probe
      for (const auto& [name, _] : scene.servers[side].mailboxes) CHECK(name.find("probe") == name.npos);
    CHECK(scene.hasSaid("look like one account") == scene.settings.dryRun);
  }
}

TEST_CASE("field 3: what is left of a probe is nobody's mailbox, and goes; one with messages is somebody's") {
  const std::string left = "interimap-probe-abcdefghijklmnop";
  for (Side side : kSides) {
    MailboxesScene scene;
    scene.servers[side].add("INBOX", 7, {1});
    for (const std::string& name :
         {left, "copy/" + left, left + "q", std::string("interimap-probe-abcdefghijklmnoz")})
      scene.servers[side].add(name, 9);
    scene.servers[side].add("x" + left, 9, {1});
    Lists lists(scene.settings, scene.both(), scene.log);
    lists.fetch();
    CHECK(lists.listing(side).size() == 4);
    CHECK(lists.probes(side).size() == 2);
    CHECK(lists.probes(other(side)).empty());
    removeProbes(scene.both(), lists, scene.log);
    CHECK(scene.servers[side].count("DELETE ") == 2);
    CHECK(scene.servers[side].count("DELETE " + left) == 1);
    CHECK(scene.servers[side].count("DELETE copy/" + left) == 1);
    CHECK(scene.servers[other(side)].count("DELETE ") == 0);
  }
}

TEST_CASE("field 3: a probe that somebody else removes is made once more") {
  MailboxesScene scene;
  for (Side side : kSides) scene.servers[side].add("INBOX", 7, {1, 2, 3});
  int created = 0;
  for (Side side : kSides)
    scene.servers[side].answers = [&](const std::string& command) -> std::optional<answer::Done> {
      auto& mailboxes = scene.servers;
      if (command.starts_with("DELETE "))
        return answer::Done{mailboxes[Side::local].mailboxes.erase(command.substr(7)) +
                                        mailboxes[Side::remote].mailboxes.erase(command.substr(7)) >
                                    0
                                ? answer::Done::Completion::ok
                                : answer::Done::Completion::no,
                            "", ""};
      if (!command.starts_with("CREATE ")) return std::nullopt;
      if (++created > 1)
        for (Side each : kSides) mailboxes[each].mailboxes[command.substr(7)].uidValidity = 99;
      return answer::Done{};
    };
  Lists lists(scene.settings, scene.both(), scene.log);
  lists.fetch();
  CHECK_THROWS_AS(refuseOneAccount(scene.settings, scene.both(), lists, scene.store, scene.log), Failure);
  CHECK(created == 2);
}
