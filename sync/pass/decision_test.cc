// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What is wrong, what is decided, what is reached: the later stages of a pass, between two simulated servers.
#include "sync/pass/decision.h"

#include <doctest/doctest.h>

#include "sync/pass/preview.h"
#include "sync/pass/stage_scene_test.h"
#include "sync/pass/troubles.h"

namespace interimap {
namespace {

constexpr Side kHere = Side::local, kThere = Side::remote;

Uid uid(std::uint32_t n) { return *Uid::of(n); }
UidSet uids(const char* text) { return *text == 0 ? UidSet() : *UidSet::parse(text); }
Flags flags(const char* text) { return *Flags::parse(text); }

TEST_CASE("troubles: the mailbox is taken again in another way, or left alone") {
  const Trouble other{"UIDVALIDITY changed!", ExitStatus::data, false, true};
  const Trouble restored{"UIDNEXT went back", ExitStatus::data, false, true, true};
  const Trouble rebuilt{"HIGHESTMODSEQ went back.", ExitStatus::data, false, false, false, true};
  const Trouble bare{"NOMODSEQ", ExitStatus::data, false, false, false, false, true};
  const Trouble unreadable{"unreadable", ExitStatus::protocol, true};
  const Trouble refused{"NO", ExitStatus::data};
  struct {
    const char* name;
    Troubles troubles;
    const char* next;  // "": none
    const char* said;
    bool held;
  } table[] = {
      {"none", {}, "", "", false},
      {"UIDVALIDITY", {other, {}}, "afresh", "Comparing every message", false},
      {"on both sides", {other, other}, "afresh", "Comparing every message", false},
      {"restored", {restored, {}}, "", "UIDNEXT went back", true},
      {"rebuilt", {{}, rebuilt}, "full", "Comparing every message", false},
      {"without mod-sequences", {bare, {}}, "bare", "", false},
      {"unreadable", {unreadable, {}}, "by itself", "", false},
      {"refused", {refused, {}}, "", "NO", false},
      {"rebuilt, and refused", {refused, rebuilt}, "", "NO", false},
      {"UIDVALIDITY, and refused", {other, refused}, "", "UIDVALIDITY changed!", false},
  };
  for (const auto& row : table) {
    CAPTURE(row.name);
    StageScene scene;
    scene.synchronised(3);
    Work work = scene.work();
    bool any = row.troubles.local || row.troubles.remote;
    CHECK(overcome(work, row.troubles) == !any);
    CHECK(work.isOver() == any);
    std::string next;
    if (work.next) {
      if (work.next->afresh) next = "afresh";
      if (work.next->full) next = "full";
      if (work.next->bare.local || work.next->bare.remote) next = "bare";
      if (next.empty() && work.next->byItself) next = "by itself";
    }
    CHECK(next == row.next);
    const std::string said = scene.said();
    if (*row.said == 0)
      CHECK(said.empty());
    else
      CHECK(said.find(row.said) != std::string::npos);
    CHECK(scene.store.held(scene.mailbox.id).has_value() == row.held);
  }
}

TEST_CASE("troubles: a doubtful number is looked at once more, then said") {
  StageScene scene;
  scene.synchronised(3);
  BothChanges changes = scene.changes();
  changes.local->doubt = Changes::Doubt{Changes::Doubt::Why::number, uids("2"), 2, 3};
  Work first = scene.work();
  CHECK_FALSE(weigh(first, changes));
  REQUIRE(first.next);
  CHECK(first.next->recounted);
  CHECK(scene.said().empty());
  Work second = scene.work();
  second.due.recounted = true;
  CHECK(weigh(second, changes));
  CHECK(scene.log().status() == ExitStatus::tryAgain);
  CHECK_FALSE(scene.said().empty());
}

TEST_CASE("decision: what may not be written stays, and is said") {
  struct {
    const char* name;
    bool readOnly;                // the remote side
    const char* storable;         // there; null: all
    const char *denied, *fresh;   // of the local side
    const char *added, *expunge;  // flags and UIDs there
    const char* said;
  } table[] = {
      {"all", false, nullptr, "", "6", "\\Seen", "3", ""},
      {"read-only", true, nullptr, "6", "", "", "", "READ-ONLY: not updating flags of UID 2"},
      {"no \\Seen", false, "\\Deleted", "", "6", "", "3", "Not updating flags (\\Seen) of UID 2"},
      {"no \\Deleted", false, "\\Seen", "", "6", "\\Seen", "", ""},
  };
  for (const auto& row : table) {
    CAPTURE(row.name);
    StageScene scene;
    scene.synchronised(5);
    Work work = scene.work();
    for (Side side : kSides) work.due.selected[side].storable = {true, true, flags("\\Seen \\Deleted")};
    work.due.selected.remote.readOnly = row.readOnly;
    if (row.storable != nullptr) work.due.selected.remote.storable = {false, false, flags(row.storable)};
    BothChanges changes = scene.changes();
    changes.local->flags[uid(2)] = flags("\\Seen");
    changes.local->gone = uids("3");
    changes.local->fresh.push_back({uid(6), 9});
    Decision decision = decide(work, changes, {}, {});
    CHECK(decision.denied.local.text() == row.denied);
    UidSet fresh;
    for (const Fresh& it : changes.local->fresh) fresh.add(it.uid);
    CHECK(fresh.text() == row.fresh);
    const Plan::OnOneSide& there = decision.todo.plan.todo.remote;
    CHECK((there.add.empty() ? "" : there.add.front().flags.text()) == row.added);
    CHECK(there.expunge.text() == row.expunge);
    const std::string said = scene.said();
    if (*row.said == 0)
      CHECK(said.empty());
    else
      CHECK(said.find(row.said) != std::string::npos);
  }
}

TEST_CASE("decision: what a server hung up at is left out, and told again") {
  StageScene scene;
  scene.synchronised(5);
  Work work = scene.work();
  for (Side side : kSides) work.due.selected[side].storable = {true, true, flags("\\Seen \\Deleted")};
  work.apart.changes.local = uids("2");
  work.apart.messages.local = uids("7");
  BothChanges changes = scene.changes();
  changes.local->flags[uid(2)] = flags("\\Seen");
  changes.local->flags[uid(4)] = flags("\\Seen");
  for (std::uint32_t n : {6U, 7U, 8U}) changes.local->fresh.push_back({uid(n), 9});
  Decision decision = decide(work, changes, {}, {});
  CHECK(decision.leftApart);
  REQUIRE(decision.todo.plan.todo.remote.add.size() == 1);
  CHECK(decision.todo.plan.todo.remote.add.front().uids == uids("4"));
  REQUIRE(changes.local->fresh.size() == 2);
  CHECK(changes.local->fresh.back().uid == uid(8));
  CHECK(scene.store.refusedUids(scene.mailbox.id, kHere) == uids("7"));
}

TEST_CASE("decision: what was too large for a server, and is still, is not fetched again") {
  const std::string tooBig = std::string(answer::kTooBig) + "it has 9 octets";
  struct {
    const char* name;
    std::optional<std::uint64_t> limit;
    std::string reply;
    bool left;
  } table[] = {
      {"it is", 8, tooBig, true},
      {"the limit has risen", 9, tooBig, false},
      {"there is no limit any more", {}, tooBig, false},
      {"the server has said something else", 8, "[OVERQUOTA] no", false},
  };
  for (const auto& row : table) {
    CAPTURE(row.name);
    StageScene scene;
    scene.synchronised(5);
    scene.mailbox.appendLimit.remote = row.limit;
    scene.write([&] {
      scene.store.refuse(scene.mailbox.id, kHere, uid(6), store::Refusal::refused, row.reply);
      scene.store.intend(scene.mailbox.id, kThere, UidNext{6}, uids("6"));
    });
    Work work = scene.work();
    for (Side side : kSides) work.due.selected[side].storable = {true, true, flags("\\Seen \\Deleted")};
    BothChanges changes = scene.changes();
    for (std::uint32_t n : {6U, 7U}) changes.local->fresh.push_back({uid(n), 9});
    decide(work, changes, {}, {});
    CHECK(changes.local->fresh.size() == (row.left ? 1 : 2));
    CHECK(scene.store.journal(scene.mailbox.id, kThere).intents.empty() == row.left);
    CHECK(scene.said() == (row.left ? "local: UID 6 was refused by remote: " + tooBig + "\n" : ""));
  }
}

TEST_CASE("field 21: flags that went with a server's index have not been removed") {
  StageScene scene;
  scene.synchronised(3, 1);  // \\Seen
  Work work = scene.work();
  for (Side side : kSides) work.due.selected[side].storable = {true, true, flags("\\Seen \\Deleted")};
  work.due.rebuilt.local = true;
  BothChanges changes = scene.changes();
  changes.local->flags[uid(2)] = Flags();
  Decision decision = decide(work, changes, {}, {});
  CHECK(decision.todo.plan.todo.remote.remove.empty());
  REQUIRE(decision.todo.plan.todo.local.add.size() == 1);
  CHECK(decision.todo.plan.todo.local.add.front().uids == uids("2"));
}

TEST_CASE("decision: what is held back is remembered, and said; a preview says likewise and writes nothing") {
  StageScene scene;
  scene.synchronised(30);
  Work work = scene.work();
  for (Side side : kSides) work.due.selected[side].storable = {true, true, flags("\\Seen \\Deleted")};
  BothChanges changes = scene.changes();
  changes.local->gone = uids("1:30");
  Decision decision = decide(work, changes, {}, {});
  CHECK(decision.todo.plan.todo.remote.expunge.empty());
  preview(work, changes, decision);
  CHECK(scene.said().find("Would not remove 30 UID(s) 1:30") != std::string::npos);
  CHECK_FALSE(scene.store.brake(scene.mailbox.id, kThere));
  announce(work, changes, decision, {});
  CHECK(scene.said().find("Not expunging") != std::string::npos);
  CHECK(scene.store.brake(scene.mailbox.id, kThere));
}

}  // namespace
}  // namespace interimap
