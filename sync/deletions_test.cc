// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/deletions.h"

#include <doctest/doctest.h>

#include <functional>

#include "sync/mailboxes/mailboxes_scene.h"
#include "sync/mailboxes/renaming_follower.h"
#include "sync/pass/restraint.h"

using namespace interimap;

namespace {

using What = Sentence::What;
using Names = std::vector<std::string>;
constexpr std::int64_t kNow = 1'000'000;

UidSet uids(std::uint32_t last) { return UidSet::range(1, last); }

// Mailboxes as a run sees to them: renamings first, deletions last.
struct Scene : MailboxesScene {
  Lists lists{settings, both(), log};
  MailboxSet set{settings, both(), store, log, lists};
  RenamingFollower follower{both(), store, log, lists, set};
  std::optional<Deletions> deletions;

  Scene() {
    settings.deleteMailboxes = settings::DeleteMailboxes::yes;
    for (const char* name : {"INBOX", "other"}) share(name, 3, 1);
  }
  void share(const std::string& name, std::uint32_t uidValidity, std::uint8_t messages) {
    std::vector<std::uint8_t> headers;
    for (std::uint8_t n = 1; n <= messages; ++n) headers.push_back(n);
    for (Side side : kSides) servers[side].add(name, uidValidity, headers);
    know(name);
  }
  void run() {
    said.clear();
    deletions.emplace(settings, both(), store, log, lists, set);
    lists.fetch();
    follower.resume();
    set.checkListings(true);
    follower.follow();
    set.forgetGone(false);
    std::vector<MailboxPlan> plans = set.plan();
    deletions->judge(plans);
    set.carryOut(plans);
    deletions->carryOut();
  }
  bool has(Side side, const std::string& name) { return servers[side].mailboxes.contains(name); }
};

settings::OfMailbox& rule(Scene& scene, const char* pattern) {
  settings::OfMailbox& rule = scene.settings.ofMailboxes.emplace_back();
  rule.pattern = pattern;
  return rule;
}

}  // namespace

TEST_CASE("deletions: what speaks against one, in this order") {
  using Wanted = settings::DeleteMailboxes;
  struct {
    const char* what;
    std::function<void(Disappearance&)> change;
    What sentence, forced;
  } table[] = {
      {"nothing", [](auto&) {}, What::remove, What::remove},
      {"20 messages", [](auto& it) { it.messages = it.together = 20; }, What::remove, What::remove},
      {"21 messages", [](auto& it) { it.messages = it.together = 21; }, What::hold, What::remove},
      {"5 messages, 21 with others", [](auto& it) { it.messages = 5, it.together = 21; }, What::hold,
       What::remove},
      {"21, and held for ten minutes",
       [](auto& it) {
         it.messages = it.together = 21, it.brake = store::Brake{kNow - kConfirmedAfter, it.uids};
       },
       What::remove, What::remove},
      {"... for less",
       [](auto& it) {
         it.messages = it.together = 21, it.brake = store::Brake{kNow - kConfirmedAfter + 1, it.uids};
       },
       What::hold, What::remove},
      {"... of another number",
       [](auto& it) {
         it.messages = it.together = 21, it.brake = store::Brake{kNow - kConfirmedAfter, uids(20)};
       },
       What::hold, What::remove},
      {"... in the future",
       [](auto& it) {
         it.messages = it.together = 21, it.brake = store::Brake{kNow + 1, it.uids};
       },
       What::hold, What::remove},
      {"max-deletions",
       [](auto& it) {
         it.messages = it.together = 5, it.maxDeletions = settings::Share{4, false};
       },
       What::hold, What::remove},
      {"max-deletions that allow it",
       [](auto& it) {
         it.messages = it.together = 5, it.maxDeletions = settings::Share{5, false};
       },
       What::remove, What::remove},
      {"max-deletions, a share",
       [](auto& it) {
         it.messages = it.together = 5, it.maxDeletions = settings::Share{99, true};
       },
       What::hold, What::remove},
      {"empty, and there are messages", [](auto& it) { it.wanted = Wanted::empty, it.messages = 1; },
       What::keep, What::keep},
      {"empty, and it is", [](auto& it) { it.wanted = Wanted::empty; }, What::remove, What::remove},
      {"any other answer", [](auto& it) { it.words = "NO [INUSE]"; }, What::keep, What::keep},
      {"numbers that fell", [](auto& it) { it.fallen = "a"; }, What::keep, What::keep},
      {"nobody vouches", [](auto& it) { it.vouched = false; }, What::hold, What::remove},
      {"all are gone", [](auto& it) { it.all = true; }, What::hold, What::remove},
      {"... and there is new mail", [](auto& it) { it.all = true, it.messages = 2, it.strange = 1; },
       What::hold, What::makeAgain},
      {"new mail", [](auto& it) { it.messages = 2, it.strange = 1; }, What::makeAgain, What::makeAgain},
      {"new mail, and empty", [](auto& it) { it.wanted = Wanted::empty, it.messages = 2, it.strange = 1; },
       What::keep, What::keep},
      {"another one", [](auto& it) { it.another = true; }, What::makeAgain, What::makeAgain},
  };
  for (const auto& row : table) {
    CAPTURE(row.what);
    Disappearance found;
    found.uids = uids(21);
    row.change(found);
    CHECK(judge(found, false, kNow).what == row.sentence);
    CHECK(judge(found, true, kNow).what == row.forced);
    CHECK(judge(found, false, kNow).why.empty() == (row.sentence == What::remove));
  }
}

TEST_CASE("deletions: held back, it is remembered since when") {
  Disappearance found;
  found.uids = uids(21);
  found.messages = found.together = 21;
  Sentence first = judge(found, false, kNow);
  CHECK(first.brake == store::Brake{kNow, uids(21)});
  found.brake = first.brake;
  CHECK(judge(found, false, kNow + 5).brake == first.brake);
}

TEST_CASE("deletions: what one side deleted is deleted on the other, and forgotten") {
  for (Side side : kSides) {
    Scene scene;
    if (side == Side::local)  // as Dovecot does
      scene.servers[side].answers = [](const std::string& command) -> std::optional<answer::Done> {
        if (command != "SELECT a") return std::nullopt;
        return answer::Done{answer::Done::Completion::no, "", "Mailbox doesn't exist: a"};
      };
    scene.share("a", 7, 3);
    scene.servers[other(side)].mailboxes["a"].subscribed = true;
    scene.servers[side].mailboxes.erase("a");
    scene.run();
    CHECK_FALSE(scene.has(other(side), "a"));
    CHECK(scene.known() == Names{"INBOX", "other"});
    CHECK(scene.log.status() == ExitStatus::ok);
    CHECK(scene.store.undertakings().empty());
    scene.run();
    CHECK(scene.servers[other(side)].count("DELETE") == 1);
  }
}

TEST_CASE("deletions: what is not deleted, and what becomes of it") {
  struct {
    const char* what;
    std::function<void(Scene&)> change;  // "a" is gone from remote
    bool again;                          // it is made there again
    ExitStatus status;
  } table[] = {
      {"delete-mailboxes = no",
       [](Scene& it) { it.settings.deleteMailboxes = settings::DeleteMailboxes::no; }, false,
       ExitStatus::data},
      {"delete-mailboxes = empty",
       [](Scene& it) { it.settings.deleteMailboxes = settings::DeleteMailboxes::empty; }, false,
       ExitStatus::data},
      {"MAILBOX arguments", [](Scene& it) { it.settings.mailboxes = {"a"}; }, false, ExitStatus::data},
      {"a new message", [](Scene& it) { it.servers.local.mailboxes["a"].add("x"); }, true, ExitStatus::ok},
      {"a flag",
       [](Scene& it) {
         it.servers.local.mailboxes["a"].messages[1].flags = *Flags::parse("\\Flagged");
         ++it.servers.local.mailboxes["a"].modSeq;
       },
       true, ExitStatus::ok},
      {"a message that was never copied",
       [](Scene& it) {
         store::Transaction transaction = it.store.begin();
         it.store.unmap(it.set.ids().at(*MailboxName::of("a")), *Uid::of(2));
         transaction.commit("unmap");
       },
       true, ExitStatus::ok},
      {"another mailbox", [](Scene& it) { it.servers.local.mailboxes["a"].uidValidity = 99; }, true,
       ExitStatus::ok},
      {"a list with a hole", [](Scene& it) { it.servers.remote.garbled.insert("other"); }, false,
       ExitStatus::protocol},
      {"not said to be gone",
       [](Scene& it) {
         it.servers.remote.answers = [](const std::string& command) -> std::optional<answer::Done> {
           if (command != "SELECT a") return std::nullopt;
           return answer::Done{answer::Done::Completion::no, "UNAVAILABLE", "[UNAVAILABLE] later"};
         };
       },
       false, ExitStatus::data},
      {"restored from a backup", [](Scene& it) { it.servers.remote.mailboxes["other"].uidNext = 1; }, false,
       ExitStatus::data},
      {"another account",
       [](Scene& it) {
         for (auto& entry : it.servers.remote.mailboxes) entry.second.uidValidity += 50;
       },
       false, ExitStatus::tryAgain},
      {"all are gone", [](Scene& it) { it.servers.remote.mailboxes.erase("other"); }, false,
       ExitStatus::tryAgain},
      {"held",
       [](Scene& it) {
         store::Transaction transaction = it.store.begin();
         it.store.hold(it.set.ids().at(*MailboxName::of("a")), Side::local, "because");
         transaction.commit("hold");
       },
       false, ExitStatus::data},
      {"never there", [](Scene& it) { rule(it, "a").deletions = settings::OfMailbox::Deletions::never; },
       false, ExitStatus::ok},
      {"one way", [](Scene& it) { rule(it, "*").direction = settings::OfMailbox::Direction::toRemote; },
       false, ExitStatus::ok},
      {"not of this section",
       [](Scene& it) { rule(it, "a").deleteMailboxes = settings::DeleteMailboxes::no; }, false,
       ExitStatus::data},
  };
  for (const auto& row : table) {
    CAPTURE(row.what);
    Scene scene;
    scene.share("a", 7, 3);
    scene.servers.remote.mailboxes.erase("a");
    row.change(scene);
    scene.run();
    for (Side side : kSides) CHECK(scene.servers[side].count("DELETE") == 0);
    CHECK(scene.has(Side::local, "a"));
    CHECK(scene.has(Side::remote, "a") == row.again);
    CHECK(scene.log.status() == row.status);
    CHECK(scene.store.undertakings().empty());
    const Names known = scene.known();
    CHECK(std::ranges::count(known, "a") == 1);
  }
}

TEST_CASE("deletions: a renaming wins, and a parent goes without what is below it") {
  Scene scene;
  scene.share("a", 7, 3);
  scene.share("a/b", 8, 3);
  scene.share("c", 9, 3);
  scene.servers.remote.mailboxes["d"] = scene.servers.remote.mailboxes["c"];
  for (const char* name : {"a", "c"}) scene.servers.remote.mailboxes.erase(name);
  scene.run();
  CHECK(scene.servers.local.count("DELETE") == 1);
  CHECK(scene.servers.local.count("RENAME c d") == 1);
  CHECK(scene.known() == Names{"INBOX", "a/b", "d", "other"});
  CHECK(scene.log.status() == ExitStatus::ok);
}

TEST_CASE("deletions: one that is interrupted is judged anew, unless it is done") {
  for (const char* since : {"nothing", "done", "new mail", "made again"}) {
    CAPTURE(since);
    Scene scene;
    scene.share("a", 7, 3);
    scene.servers.remote.mailboxes.erase("a");
    {
      store::Transaction transaction = scene.store.begin();
      scene.store.undertake({0, *MailboxName::of("a"), {}, UidValidity{7}, {}, true, true});
      transaction.commit("undertake");
    }
    if (since == std::string("done")) scene.servers.local.mailboxes.erase("a");
    if (since == std::string("new mail")) scene.servers.local.mailboxes["a"].add("x");
    if (since == std::string("made again")) scene.servers.remote.add("a", 88);
    scene.run();
    const bool stays = since == std::string("new mail") || since == std::string("made again");
    CHECK(scene.has(Side::local, "a") == stays);
    CHECK(scene.has(Side::remote, "a") == stays);
    CHECK(scene.store.undertakings().empty());
    const Names known = scene.known();
    CHECK(std::ranges::count(known, "a") == (stays ? 1 : 0));
  }
}

TEST_CASE("deletions: what changes between the look and the deletion is left alone") {
  Scene scene;
  scene.share("a", 7, 3);
  scene.servers.remote.mailboxes.erase("a");
  int looks = 0;
  scene.servers.local.answers = [&](const std::string& command) -> std::optional<answer::Done> {
    if (command == "LIST" && ++looks == 2) scene.servers.local.mailboxes["a"].add("x");
    return std::nullopt;
  };
  scene.run();
  CHECK(scene.has(Side::local, "a"));
  CHECK(scene.log.status() == ExitStatus::tryAgain);
  CHECK(scene.hasSaid("has changed meanwhile"));
}
