// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/mailboxes/mailbox_set.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "ipc/ascii.h"
#include "ipc/failure.h"
#include "sync/mailboxes/mailboxes_scene.h"

using namespace interimap;

namespace {

// What a run does before it looks into mailboxes, renamings apart.
struct Scene : MailboxesScene {
  Lists lists{settings, both(), log};
  MailboxSet set{settings, both(), store, log, lists};

  void run(bool first = true) {
    lists.fetch();
    set.checkListings(first);
    set.forgetGone(false);
    set.carryOut(set.plan());
  }
  std::vector<std::string> synced() const {
    std::vector<std::string> names;
    for (const MailboxName& name : set.synced()) names.push_back(name.bytes());
    return names;
  }
};
using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("mailbox set: what is on one side only is created on the other, and known then") {
  for (Side side : kSides) {
    Scene scene;
    scene.servers[side].add("a", 1);
    scene.servers[side].mailboxes["a"].subscribed = true;
    scene.run();
    CHECK(scene.servers[other(side)].commands.back() == "SUBSCRIBE a");
    CHECK(scene.servers[other(side)].count("CREATE a") == 1);
    CHECK(scene.known() == Names{"a"});
    CHECK(scene.synced() == Names{"a"});
    CHECK(scene.log.status() == ExitStatus::ok);
  }
}

TEST_CASE("mailbox set: a mailbox that cannot be created stops only itself") {
  Scene scene;
  for (const char* name : {"a", "b"}) scene.servers.local.add(name, 1);
  scene.servers.remote.answers = [](const std::string& command) -> std::optional<answer::Done> {
    if (command != "CREATE a") return std::nullopt;
    return answer::Done{answer::Done::Completion::no, "NOPERM", "no"};
  };
  scene.run();
  CHECK(scene.known() == Names{"b"});
  CHECK(scene.synced() == Names{"b"});
  CHECK(scene.log.status() == ExitStatus::tryAgain);
  CHECK(scene.hasSaid("error remote: Couldn't create a: NO no"));
}

TEST_CASE("mailbox set: what a server said to have created, and has not, is created by the next run") {
  for (Side side : kSides) {
    Scene scene;
    scene.servers[side].add("a", 1);
    scene.run();
    scene.servers[other(side)].mailboxes.erase("a");
    scene.run();
    CHECK(scene.servers[other(side)].count("CREATE a") == 2);
    CHECK(scene.known() == Names{"a"});
    CHECK(scene.synced() == Names{"a", "a"});  // once per run
    CHECK(scene.log.status() == ExitStatus::ok);
  }
}

TEST_CASE("mailbox set: what a list leaves out is asked for before it counts as gone") {
  for (bool there : {true, false}) {
    CAPTURE(there);
    Scene scene;
    for (Side side : kSides) scene.servers[side].add("a", 1);
    scene.know("a");
    there ? (void)scene.servers.remote.unlisted.insert("a") : (void)scene.servers.remote.mailboxes.erase("a");
    scene.run();
    CHECK(scene.servers.remote.count("SELECT a") == 1);
    CHECK(scene.synced() == (there ? Names{"a"} : Names{}));
    CHECK(scene.log.status() == (there ? ExitStatus::ok : ExitStatus::data));
    CHECK(scene.known() == Names{"a"});
  }
}

TEST_CASE("mailbox set: gone from both servers, it is forgotten unless it is astray or aside") {
  for (const char* kept : {"", "astray", "aside"}) {
    CAPTURE(kept);
    Scene scene;
    for (Side side : kSides) scene.servers[side].add("a", 1);
    scene.know("a");
    for (Side side : kSides) scene.servers[side].mailboxes.clear();
    scene.lists.fetch();
    if (kept == std::string("astray")) scene.set.setAstray({*MailboxName::of("a")});
    if (kept == std::string("aside")) scene.set.setAside(*MailboxName::of("a"));
    scene.run();
    CHECK(scene.known() == (*kept ? Names{"a"} : Names{}));
  }
}

TEST_CASE("mailbox set: what is listed and cannot be selected is left alone") {
  Scene scene;
  scene.settings.errand = settings::Errand::notify;
  scene.servers.local.add("a", 1);
  scene.servers.local.answers = [](const std::string& command) -> std::optional<answer::Done> {
    if (command != "SELECT a") return std::nullopt;
    return answer::Done{answer::Done::Completion::no, "", "no"};
  };
  scene.run();
  CHECK(scene.known().empty());
  CHECK(scene.servers.remote.count("CREATE") == 0);
  CHECK(scene.log.status() == ExitStatus::tryAgain);
}

TEST_CASE("field 16: what is missing from a list with a hole is left alone, whatever else is known of it") {
  struct {
    const char* what;
    std::function<void(Scene&)> change;  // with a garbled line for "g" on the remote side
  } table[] = {
      {"known", [](Scene&) {}},
      {"known, gone from local", [](Scene& scene) { scene.servers.local.mailboxes.erase("g"); }},
      {"new", [](Scene&) {}},
      {"another is new on local", [](Scene& scene) { scene.servers.local.add("n", 3); }},
      {"known, with one below", [](Scene& scene) { scene.servers.remote.garbled.insert("k/c"); }},
  };
  for (const auto& row : table) {
    CAPTURE(row.what);
    Scene scene;
    for (Side side : kSides)
      for (const char* name : {"g", "k", "k/c"}) scene.servers[side].add(name, 1);
    for (const char* name : {"k", "k/c"}) scene.know(name);
    if (row.what != std::string("new")) scene.know("g");
    scene.servers.remote.garbled.insert("g");
    row.change(scene);
    Names known = scene.known();
    scene.run();
    for (Side side : kSides)
      for (const char* verb : {"CREATE", "DELETE", "RENAME"}) CHECK(scene.servers[side].count(verb) == 0);
    CHECK(scene.known() == known);
    CHECK(scene.log.status() == ExitStatus::protocol);
    CHECK(scene.hasSaid("error remote: LIST: a line of it could not be read"));
    CHECK_FALSE(scene.hasSaid("error database"));
    CHECK(std::ranges::count(scene.synced(), "k") == 1);  // goes on
  }
}

TEST_CASE("field 19: a name that a server takes for another is left alone, and nothing is merged") {
  struct {
    const char* what;
    std::function<void(Scene&)> change;  // the remote server does not tell Work from work
    Names synced;
    ExitStatus status;
  } table[] = {
      {"both on one side, one on the other",
       [](Scene& scene) {
         scene.servers.local.add("Work", 1, {1});
         scene.servers.local.add("work", 2, {2});
         scene.servers.remote.add("Work", 3, {1});
       },
       {"Work"},
       ExitStatus::data},
      {"both on one side",
       [](Scene& scene) {
         scene.servers.local.add("Work", 1, {1});
         scene.servers.local.add("work", 2, {2});
       },
       {"Work"},
       ExitStatus::data},
      {"one on each side",
       [](Scene& scene) {
         scene.servers.local.add("work", 2, {2});
         scene.servers.remote.add("Work", 3, {1});
       },
       {"Work"},
       ExitStatus::data},
      {"known, and called otherwise now",
       [](Scene& scene) {
         for (Side side : kSides) scene.servers[side].add("work", 2, {2});
         scene.know("work");
         scene.servers.remote.mailboxes.erase("work");
         scene.servers.remote.add("Work", 9, {1});
       },
       {"Work"},
       ExitStatus::data},
      {"made by a run that was killed",
       [](Scene& scene) {
         scene.servers.local.add("new", 2, {2});
         scene.servers.remote.add("new", 2);
         scene.servers.remote.unlisted.insert("new");
       },
       {"new"},
       ExitStatus::ok},
  };
  for (const auto& row : table)
    for (bool says : {true, false}) {  // with ALREADYEXISTS; or OK, as if it had been made
      CAPTURE(row.what);
      CAPTURE(says);
      Scene scene;
      row.change(scene);
      SimulatedServer& remote = scene.servers.remote;
      remote.answers = [&, says](const std::string& command) -> std::optional<answer::Done> {
        auto blank = command.find(' ');
        std::string verb = command.substr(0, blank),
                    name = command.substr(std::min(blank + 1, command.size()));
        if (verb == "CREATE") remote.unlisted.clear();
        for (const auto& [each, _] : remote.mailboxes) {
          if (!equalIgnoringCase(each, name) || (each == name && verb != "CREATE")) continue;
          if (verb == "CREATE" && says)
            return answer::Done{answer::Done::Completion::no, "ALREADYEXISTS", "it is there"};
          return answer::Done{};
        }
        return std::nullopt;
      };
      scene.run();
      CHECK(scene.synced() == row.synced);
      CHECK(scene.log.status() == row.status);
    }
}

TEST_CASE("mailbox set: without QRESYNC the number of messages tells, without mod-sequences nothing") {
  using enum Extension;
  for (bool condstores : {true, false}) {
    CAPTURE(condstores);
    Scene scene;
    ExtensionSet extensions{uidPlus, listExtended, listStatus};
    if (condstores) extensions.add(condstore);
    scene.enable(Side::remote, {extensions, false, ""});
    for (Side side : kSides) scene.servers[side].add("a", 5, {1, 2});
    scene.know("a");
    scene.run();
    CHECK(scene.set.dirty().size() == 1);  // their number was not known
    const store::MailboxId id = scene.set.ids().begin()->second;
    auto here = *scene.store.state(id, Side::local), there = *scene.store.state(id, Side::remote);
    for (std::uint32_t messages : {2, 3}) {
      there.messages = messages;
      store::Transaction transaction = scene.store.begin();
      scene.store.putState(id, here, there);
      transaction.commit("state");
      CHECK(scene.set.dirty().size() == (condstores && messages == 2 ? 0 : 1));
    }
  }
}

TEST_CASE("mailbox set: dirty is what has news on a side, or is left to be done") {
  struct {
    const char* what;
    std::function<void(Scene&)> change;
    bool dirty;
  } table[] = {
      {"nothing", [](Scene&) {}, false},
      {"new message", [](Scene& scene) { scene.servers.local.add("a", 5, {9}); }, true},
      {"new flag", [](Scene& scene) { ++scene.servers.remote.mailboxes["a"].modSeq; }, true},
      {"another UIDVALIDITY", [](Scene& scene) { scene.servers.local.mailboxes["a"].uidValidity = 6; }, true},
      {"--repair", [](Scene& scene) { scene.settings.errand = settings::Errand::repair; }, true},
      {"refused message",
       [](Scene& scene) {
         store::Transaction transaction = scene.store.begin();
         scene.store.refuse(scene.set.ids().begin()->second, Side::local, *Uid::of(1),
                            store::Refusal::refused, "");
         transaction.commit("refuse");
       },
       true},
      {"message that was too large",
       [](Scene& scene) {
         store::Transaction transaction = scene.store.begin();
         scene.store.refuse(scene.set.ids().begin()->second, Side::local, *Uid::of(1),
                            store::Refusal::tooLarge, "");
         transaction.commit("refuse");
       },
       false},
  };
  for (const auto& row : table) {
    CAPTURE(row.what);
    Scene scene;
    for (Side side : kSides) scene.servers[side].add("a", 5, {1, 2});
    scene.know("a");
    row.change(scene);
    scene.run();
    CHECK(scene.set.dirty().size() == (row.dirty ? 1 : 0));
  }
}

namespace {

constexpr std::uint8_t kJunk = 1 << 4, kSent = 1 << 5, kTrash = 1 << 6, kAll = 1 << 0;

Names namesOf(const SimulatedServer& server) {
  Names names;
  for (const auto& [name, _] : server.mailboxes) names.push_back(name);
  return names;
}

}  // namespace

TEST_CASE("mailbox set: mailboxes that have other names on remote") {
  struct {
    const char* what;
    std::function<void(Scene&)> change;
    Names here, there, synced;
    ExitStatus status;
  } table[] = {
      {"on both",
       [](Scene& scene) {
         scene.servers.local.add("Sent", 1);
         scene.servers.remote.add("Sent Items", 2);
       },
       {"Sent"},
       {"Sent Items"},
       {"Sent"},
       ExitStatus::ok},
      {"only on local",
       [](Scene& scene) {
         scene.servers.local.add("Sent", 1);
         scene.servers.local.add("Lists/a", 2);
       },
       {"Lists/a", "Sent"},
       {"Sent Items", "mailing/a"},
       {"Lists/a", "Sent"},
       ExitStatus::ok},
      {"only on remote",
       [](Scene& scene) {
         scene.servers.remote.add("Sent Items/old", 1);
         scene.servers.remote.add("mailing", 2);
       },
       {"Lists", "Sent/old"},
       {"Sent Items/old", "mailing"},
       {"Lists", "Sent/old"},
       ExitStatus::ok},
      {"named on the command line",
       [](Scene& scene) {
         scene.servers.remote.add("Sent Items", 1);
         scene.servers.remote.add("other", 2);
         scene.settings.mailboxes = {"Sent"};
       },
       {"Sent"},
       {"Sent Items", "other"},
       {"Sent"},
       ExitStatus::ok},
      {"a pattern for the name on local",
       [](Scene& scene) {
         scene.servers.remote.add("mailing/a", 1);
         scene.servers.remote.add("other", 2);
         scene.settings.patterns = {"Lists*"};
       },
       {"Lists/a"},
       {"mailing/a", "other"},
       {"Lists/a"},
       ExitStatus::ok},
      {"a pattern for the name on remote",
       [](Scene& scene) {
         scene.servers.local.add("Lists/a", 1);
         scene.servers.local.add("other", 2);
         scene.settings.patterns = {"mailing*"};
       },
       {"Lists/a", "other"},
       {"mailing/a"},
       {"Lists/a"},
       ExitStatus::ok},
      {"another has the name on remote",
       [](Scene& scene) {
         scene.servers.local.add("Sent", 1);
         scene.servers.remote.add("Sent", 2);
         scene.servers.local.add("other", 3);
       },
       {"Sent", "other"},
       {"Sent", "other"},
       {"other"},
       ExitStatus::data},
      {"another has the name on local",
       [](Scene& scene) {
         scene.servers.local.add("Sent Items", 1);
         scene.servers.remote.add("Sent Items", 2);
       },
       {"Sent Items"},
       {"Sent Items"},
       {},
       ExitStatus::data},
      {"a new map for what is known",
       [](Scene& scene) {
         for (Side side : kSides)
           for (const char* name : {"Sent", "Sent Items"})
             scene.servers[side].add(name, name[4] ? 1 : 2, {1});
         for (const char* name : {"Sent", "Sent Items"}) scene.know(name);
       },
       {"Sent", "Sent Items"},
       {"Sent", "Sent Items"},
       {},
       ExitStatus::data},
  };
  for (const auto& row : table) {
    CAPTURE(row.what);
    Scene scene;
    scene.settings.map = {"Sent", "Sent Items", "Lists", "mailing"};
    row.change(scene);
    const Names known = scene.known();
    scene.run();
    Names synced = scene.synced();
    for (std::string& name : synced) std::ranges::replace(name, '\0', '/');
    CHECK(synced == row.synced);
    CHECK(namesOf(scene.servers.local) == row.here);
    CHECK(namesOf(scene.servers.remote) == row.there);
    CHECK(scene.log.status() == row.status);
    if (!known.empty()) CHECK(scene.known() == known);
  }
}

TEST_CASE("mailbox set: a map that is none with the servers' delimiters is refused") {
  for (const auto& map : {Names{"a/b", "c", "a\0b", "d"}, Names{"a\0b", "c"}}) {
    Scene scene;
    for (Side side : kSides) scene.servers[side].add("x", 1);
    if (map.size() == 2)
      for (Side side : kSides) scene.servers[side].delimiter.reset();
    for (const std::string& name : map) scene.settings.map.push_back(name);
    if (map.size() == 2) scene.settings.map[0] = std::string("a\0b", 3);
    if (map.size() == 4) scene.settings.map[2] = std::string("a\0b", 3);
    CHECK_THROWS_AS(scene.run(), Failure);
  }
}

TEST_CASE("mailbox set: mailboxes for the same use are the same, and new ones are made for it") {
  struct {
    const char* what;
    std::function<void(SimulatedServer&, SimulatedServer&)> change;
    Names here, there;
    const char* forUse;  // created on remote for this use
    std::uint8_t use;
  } table[] = {
      {"other names",
       [](auto& here, auto& there) {
         here.mailboxes["Sent"].uses = kSent;
         there.mailboxes["Sent Items"].uses = kSent;
         here.mailboxes["Sent/2024"];
       },
       {"Sent", "Sent/2024"},
       {"Sent Items", "Sent Items/2024"},
       "",
       0},
      {"names the wrong way round",
       [](auto& here, auto& there) {
         here.mailboxes["a"].uses = kSent;
         here.mailboxes["b"].uses = kTrash;
         there.mailboxes["b"].uses = kSent;
         there.mailboxes["a"].uses = kTrash;
       },
       {"a", "b"},
       {"a", "b"},
       "",
       0},
      {"two for one use",
       [](auto& here, auto& there) {
         here.mailboxes["Spam"].uses = here.mailboxes["Junk"].uses = kJunk;
         there.mailboxes["Junk Mail"].uses = kJunk;
       },
       {"Junk", "Junk Mail", "Spam"},
       {"Junk", "Junk Mail", "Spam"},
       "",
       0},
      {"a use that is none of these",
       [](auto& here, auto& there) {
         here.mailboxes["All"].uses = kAll;
         there.mailboxes["Everything"].uses = kAll;
       },
       {"All"},
       {"Everything"},
       "",
       0},
      {"one side has none",
       [](auto& here, auto&) { here.mailboxes["Gesendet"].uses = kSent; },
       {"Gesendet"},
       {"Gesendet"},
       "Gesendet",
       kSent},
      {"a map says otherwise",
       [](auto& here, auto& there) {
         here.mailboxes["x"].uses = kSent;
         there.mailboxes["y"];
         there.mailboxes["z"].uses = kSent;
       },
       {"x", "z"},
       {"y", "z"},
       "",
       0},
  };
  for (const auto& row : table) {
    CAPTURE(row.what);
    Scene scene;
    scene.settings.specialUse = true;
    scene.settings.map = {"x", "y"};
    row.change(scene.servers.local, scene.servers.remote);
    scene.run();
    CHECK(namesOf(scene.servers.local) == row.here);
    CHECK(namesOf(scene.servers.remote) == row.there);
    if (*row.forUse) CHECK(scene.servers.remote.mailboxes.at(row.forUse).uses == row.use);
    CHECK(scene.log.status() == ExitStatus::ok);
  }
}

TEST_CASE("mailbox set: what a server makes for no use is made without") {
  Scene scene;
  scene.settings.specialUse = true;
  scene.servers.local.mailboxes["Sent"].uses = kSent;
  int asked = 0;
  scene.servers.remote.answers = [&](const std::string& command) -> std::optional<answer::Done> {
    if (command != "CREATE Sent" || ++asked > 1) return std::nullopt;
    return answer::Done{answer::Done::Completion::no, "USEATTR", "[USEATTR] not for that"};
  };
  scene.run();
  CHECK(asked == 2);
  CHECK(scene.servers.remote.mailboxes.at("Sent").uses == 0);
  CHECK(scene.log.status() == ExitStatus::ok);
}
