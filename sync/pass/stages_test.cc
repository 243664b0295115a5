// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Each stage of a pass by itself, between two simulated servers: what it is given, what it hands on.
#include <doctest/doctest.h>

#include <functional>

#include "sync/pass/application.h"
#include "sync/pass/collect_qresync.h"
#include "sync/pass/copy_check.h"
#include "sync/pass/pairing.h"
#include "sync/pass/questions.h"
#include "sync/pass/rejoin.h"
#include "sync/pass/repair.h"
#include "sync/pass/resumption.h"
#include "sync/pass/stage_scene_test.h"
#include "sync/pass/touched.h"

namespace interimap {
namespace {

using model::FlagBits;
constexpr Side kHere = Side::local, kThere = Side::remote;
constexpr FlagBits kSeen = 1, kFlagged = model::kFlagged;

Uid uid(std::uint32_t n) { return *Uid::of(n); }
UidSet uids(const char* text) { return *text == 0 ? UidSet() : *UidSet::parse(text); }
Flags flags(const char* text) { return *Flags::parse(text); }

std::string text(const std::vector<Fresh>& fresh) {
  UidSet all;
  for (const Fresh& it : fresh) all.add(it.uid);
  return all.text();
}

std::string text(const Changes& changes) {
  std::string out;
  auto say = [&](const char* what, const std::string& value) {
    if (!value.empty()) out += (out.empty() ? "" : "; ") + std::string(what) + " " + value;
  };
  say("gone", changes.gone.text());
  say("lost", changes.lost.text());
  say("strangers gone", changes.strangersGone.text());
  say("strangers changed", changes.strangersChanged.text());
  for (const auto& [uid, flags] : changes.flags)
    say("flags", std::to_string(uid.value()) + " (" + flags.text() + ")");
  say("unreported", changes.unreported.text());
  say("fresh", text(changes.fresh));
  return out;
}

TEST_CASE("collecting by QRESYNC") {
  struct {
    const char* name;
    std::function<void(StageScene&)> meanwhile;
    Extent extent;
    const char* changes;
  } table[] = {
      {"nothing", [](StageScene&) {}, Extent::news, ""},
      {"new mail", [](StageScene& s) { s.add(kHere, 10), s.add(kHere, 11); }, Extent::news, "fresh 6:7"},
      {"flags", [](StageScene& s) { s.box(kHere).setFlags(s.box(kHere).messages[1], kSeen); }, Extent::news,
       "flags 2 (\\Seen)"},
      {"flags there and back",
       [](StageScene& s) {
         s.box(kHere).setFlags(s.box(kHere).messages[1], kSeen);
         s.box(kHere).setFlags(s.box(kHere).messages[1], 0);
       },
       Extent::news, ""},
      {"expunged", [](StageScene& s) { s.box(kHere).expunge(3); }, Extent::news, "gone 3"},
      {"came and went",
       [](StageScene& s) {
         s.add(kHere, 10);
         s.box(kHere).expunge(6);
       },
       Extent::news, ""},
      {"known to nobody",
       [](StageScene& s) {
         s.write([&] { s.store.unmap(s.mailbox.id, uid(2)), s.store.unmap(s.mailbox.id, uid(3)); });
         s.box(kHere).setFlags(s.box(kHere).messages[1], kSeen);
         s.box(kHere).expunge(3);
       },
       Extent::news, "strangers changed 2"},  // there are more than are known: another look
      {"lost without a word", [](StageScene& s) { s.box(kHere).messages.pop_back(); }, Extent::news, ""},
      {"... and looked for", [](StageScene& s) { s.box(kHere).messages.pop_back(); }, Extent::everything,
       "lost 5"},
      {"flags without a word", [](StageScene& s) { s.box(kHere).messages[1].flags = kSeen; },
       Extent::everything, "flags 2 (\\Seen); unreported 1:5"},
      {"afresh", [](StageScene& s) { s.box(kHere).expunge(3); }, Extent::afresh, "fresh 1:2,4:5"},
  };
  for (auto& row : table) {
    CAPTURE(row.name);
    StageScene scene;
    scene.synchronised(5);
    row.meanwhile(scene);
    CollectQresync collect({scene.server(kHere), scene.store, scene.mailbox,
                            scene.store.state(scene.mailbox.id, kHere), row.extent, nullptr});
    collect.ask();
    auto collected = collect.collect();
    CHECK_FALSE(collected.trouble);
    std::string found = text(collected.changes);
    if (row.extent == Extent::everything && found.ends_with("unreported 1:5") &&
        !std::string(row.changes).ends_with("unreported 1:5"))
      found = found.substr(0, found.size() - std::string("; unreported 1:5").size());
    if (row.extent == Extent::everything && std::string(row.changes) == "lost 5")
      CHECK(found.starts_with("lost 5"));
    else
      CHECK(found == row.changes);
  }
}

TEST_CASE("collecting: a mailbox that is not what it was") {
  struct {
    std::function<void(StageScene&)> meanwhile;
    const char* text;
    bool afresh, hold;
  } table[] = {
      {[](StageScene& s) { s.box(kHere).renumber(99); }, "UIDVALIDITY changed!", true, false},
      {[](StageScene& s) { s.box(kHere).uidNext = 5; }, "UIDNEXT went back from 6 to 5", true, true},
      {[](StageScene& s) { s.box(kHere).highestModSeq -= 1; }, "HIGHESTMODSEQ went back", true, true},
      {[](StageScene& s) { s.accounts.local.mailboxes.clear(); }, "NO [NONEXISTENT]", false, false},
  };
  for (auto& row : table) {
    CAPTURE(row.text);
    StageScene scene;
    scene.synchronised(5);
    row.meanwhile(scene);
    CollectQresync collect({scene.server(kHere), scene.store, scene.mailbox,
                            scene.store.state(scene.mailbox.id, kHere), Extent::news, nullptr});
    collect.ask();
    auto collected = collect.collect();
    REQUIRE(collected.trouble);
    CHECK(collected.trouble->text.starts_with(row.text));
    CHECK(collected.trouble->afresh == row.afresh);
    CHECK(collected.trouble->hold == row.hold);
  }
}

TEST_CASE("questions: what is said to be gone, what the other side has, what is owed") {
  StageScene scene;
  scene.synchronised(5);
  scene.box(kHere).expunge(1);
  scene.box(kHere).messages[0].flags = kSeen;      // UID 2
  scene.box(kThere).messages[2].flags = kFlagged;  // UID 3
  scene.write([&] {
    scene.store.unmap(scene.mailbox.id, uid(5));
    scene.store.refuse(scene.mailbox.id, kHere, uid(5), store::Refusal::unsent, "");
    scene.store.refuse(scene.mailbox.id, kThere, uid(5), store::Refusal::empty, "");
    scene.store.dropBase(scene.mailbox.id);
  });
  Work work = scene.work();
  BothChanges changes = scene.changes();
  changes.local->gone = uids("1:2");
  changes.local->flags[uid(3)] = flags("\\Seen");
  Questions questions(work, changes);
  for (Side side : kSides) questions.ask(side, {});
  CHECK(questions.settle());
  CHECK(text(*changes.local) == "gone 1; flags 2 (\\Seen); flags 3 (\\Seen); fresh 5");
  CHECK(text(*changes.remote).empty());
  CHECK(questions.answers.told.remote == std::map<Uid, Flags>{{uid(3), flags("\\Flagged")}});
  CHECK(questions.answers.owed.local == uids("5"));
}

TEST_CASE("questions: what is told twice is to be copied once") {
  StageScene scene;
  scene.synchronised(3);
  Work work = scene.work();
  BothChanges changes = scene.changes();
  for (std::uint32_t n : {7U, 6U, 7U}) changes.local->fresh.push_back({uid(n), 9});
  Questions questions(work, changes);
  for (Side side : kSides) questions.ask(side, {});
  REQUIRE(questions.settle());
  CHECK(changes.local->fresh.size() == 2);
  CHECK(text(changes.local->fresh) == "6:7");
}

TEST_CASE("resumption: copies that an interrupted run has made are found, what is not there is owed") {
  struct {
    const char* name;
    std::function<void(StageScene&)> meanwhile;
    const char *pairs, *fresh, *left;  // of the source; sources that are still intended
  } table[] = {
      {"nothing arrived", [](StageScene&) {}, "1-1", "2:3", "2:3"},
      {"both did", [](StageScene& s) { s.add(kThere, 2), s.add(kThere, 3); }, "1-1 2-2 3-3", "", ""},
      {"one did", [](StageScene& s) { s.add(kThere, 3); }, "1-1 3-2", "2", "2"},
      {"something else did", [](StageScene& s) { s.add(kThere, 7); }, "1-1", "2:3", "2:3"},
      {"one is gone", [](StageScene& s) { s.box(kHere).expunge(2); }, "1-1", "3", "3"},
  };
  for (auto& row : table) {
    CAPTURE(row.name);
    StageScene scene;
    scene.synchronised(1);
    scene.add(kHere, 2), scene.add(kHere, 3);
    scene.write([&] {
      std::vector<store::Intent> intents;
      for (std::uint32_t n : {2U, 3U}) {
        model::Looks looks = model::Looks::of(n);
        intents.push_back({uid(n), Identity{looks.header, looks.date.seconds(), looks.size}, Flags()});
      }
      scene.store.intend(scene.mailbox.id, kThere, {2}, intents);
    });
    row.meanwhile(scene);
    Work work = scene.work();
    BothChanges changes = scene.changes();
    for (Side side : kSides)
      for (const model::HeldMessage& held : scene.box(side).messages)
        if (held.uid > 1) changes[side]->fresh.push_back({uid(held.uid), 9});
    Questions questions(work, changes);
    for (Side side : kSides) questions.ask(side, {});
    REQUIRE(questions.settle());
    scene.write([&] { CHECK(Resumption(work, changes, questions.answers).run({})); });
    CHECK(scene.pairs() == row.pairs);
    CHECK(text(changes.local->fresh) == row.fresh);
    UidSet left;
    for (const store::Intent& intent : scene.store.journal(scene.mailbox.id, kThere).intents)
      left.add(intent.source);
    CHECK(left.text() == row.left);
  }
}

TEST_CASE(
    "resumption: a copy whose original was expunged meanwhile is paired and goes, if it is known to be "
    "that") {
  struct {
    const char* name;
    bool described, there;  // the content was asked for when the connection was lost; the original is there
    std::uint32_t copy;     // what arrived
    const char *pairs, *gone;
    bool left;  // on its side only
  } table[] = {
      {"described", true, false, 2, "1-1 2-2", "2", false},
      {"not described", false, false, 2, "1-1", "", true},
      {"there", true, true, 2, "1-1 2-2", "", false},
      {"another of the same looks", true, false, 9, "1-1", "", false},
  };
  for (const auto& row : table) {
    CAPTURE(row.name);
    StageScene scene;
    scene.synchronised(1);
    scene.add(kHere, 2), scene.add(kThere, row.copy, 0, 2);
    model::Looks looks = model::Looks::of(2);
    Identity identity{looks.header, looks.date.seconds(), looks.size};
    scene.write([&] {
      scene.store.intend(scene.mailbox.id, kThere, {2},
                         std::vector<store::Intent>{{uid(2), identity, Flags()}});
      scene.store.disown(scene.mailbox.id, kThere);
      if (row.described)
        scene.store.setContent(scene.store.strays(scene.mailbox.id, kThere).front().id, ContentDigest{2});
    });
    if (!row.there) scene.box(kHere).expunge(2);
    Work work = scene.work();
    BothChanges changes = scene.changes();
    if (row.there) changes.local->fresh.push_back({uid(2), 9});
    changes.remote->fresh.push_back({uid(2), 9});
    Questions questions(work, changes);
    for (Side side : kSides) questions.ask(side, {});
    REQUIRE(questions.settle());
    scene.write([&] { CHECK(Resumption(work, changes, questions.answers).run({})); });
    CHECK(scene.pairs() == row.pairs);
    CHECK(changes.local->gone.text() == row.gone);
    CHECK(work.refused.remote.contains(uid(2)) == row.left);
  }
}

TEST_CASE("pairing: what both have already is paired, once, and the rest is new") {
  StageScene scene;
  scene.add(kHere, 1), scene.add(kHere, 2, kSeen), scene.add(kHere, 3), scene.add(kHere, 4, 0, 3);
  scene.add(kThere, 5), scene.add(kThere, 4, 0, 3), scene.add(kThere, 2, kFlagged), scene.add(kThere, 1);
  Work work = scene.work();
  BothChanges changes = scene.changes();
  for (Side side : kSides)
    for (const model::HeldMessage& held : scene.box(side).messages)
      changes[side]->fresh.push_back(
          {uid(held.uid), static_cast<std::uint32_t>(scene.witness.looks(held.serial).size)});
  scene.write([&] { scene.store.putState(scene.mailbox.id, work.begun(kHere), work.begun(kThere)); });
  Pairing pairing(work, changes);
  pairing.ask();
  REQUIRE(pairing.isAsked());
  pairing.wait();
  REQUIRE(pairing.find({}));
  std::vector<Touched> touched;
  scene.write([&] { touched = pairing.join(); });
  CHECK(scene.pairs() == "1-4 2-3 4-2");
  CHECK(text(changes.local->fresh) == "3");
  CHECK(text(changes.remote->fresh) == "1");
  REQUIRE(touched.size() == 1);
  CHECK(touched[0].local == uid(2));
  CHECK(touched[0].now.local == flags("\\Seen"));
  CHECK(touched[0].now.remote == flags("\\Flagged"));
  CHECK(scene.said().find("Found 3 UID(s) 1:2,4 on both sides already") != std::string::npos);
}

TEST_CASE("new messages are the partners that others have lost, or never had") {
  struct Row {
    const char* what;
    bool gone;                            // the partner of UID 1
    std::optional<store::Refusal> alone;  // or UID 2 of the other side is there alone
    std::uint32_t serial;                 // what is new
    model::FlagBits flags;
    bool joined;
  };
  using store::Refusal;
  const Row rows[] = {
      {"it is back", true, {}, 1, 0, true},
      {"with another flag", true, {}, 1, model::kFlagged, true},
      {"another message of that size", true, {}, 7, 0, false},
      {"its like is still there", false, {}, 1, 0, false},
      {"it was refused, and somebody else has copied it", false, Refusal::refused, 5, 0, true},
      {"it was to stay alone", false, Refusal::surplus, 5, model::kFlagged, true},
      {"it is too large", false, Refusal::tooLarge, 5, 0, true},
      {"another one is alone", false, Refusal::refused, 1, 0, false},
  };
  for (const Row& row : rows)
    for (Side side : kSides) {
      CAPTURE(std::string(row.what));
      StageScene scene;
      scene.synchronised(1);
      if (row.gone) scene.box(side).expunge(1);
      std::uint32_t there = 1;
      if (row.alone) {
        there = scene.add(other(side), 5);
        scene.write([&] { scene.store.refuse(scene.mailbox.id, other(side), uid(there), *row.alone, ""); });
      }
      const std::uint32_t here = scene.add(side, row.serial, row.flags);
      Work work = scene.work();
      BothChanges changes = scene.changes();
      changes[side]->fresh.push_back({uid(here), 100});
      changes[side]->partnerless.push_back({uid(there), 100});
      if (row.gone) changes[side]->gone = UidSet::single(uid(1));
      std::vector<Touched> touched = rejoin(work, changes, side);
      CHECK(changes[side]->fresh.empty() == row.joined);
      CHECK(changes[side]->gone.empty() == (row.joined || !row.gone));
      CHECK(touched.size() == (row.joined && row.flags != 0 ? 1 : 0));
      CHECK(work.refused[other(side)].empty() == (row.joined || !row.alone));
      CHECK(scene.store.partner(scene.mailbox.id, side, uid(here)).has_value() == row.joined);
      CHECK(scene.store.count(scene.mailbox.id) == (row.joined && row.alone ? 2 : 1));
    }
}

TEST_CASE("copy check: a pair of which the server told a wrong UID is given up, others are not") {
  StageScene scene;
  scene.synchronised(1);
  scene.add(kHere, 2), scene.add(kHere, 3);
  scene.add(kThere, 7), scene.add(kThere, 2), scene.add(kThere, 3);
  scene.write([&] {
    scene.store.map(scene.mailbox.id, uid(2), uid(2), Flags());  // it is 3
    scene.store.map(scene.mailbox.id, uid(3), uid(4), Flags());
  });
  Work work = scene.work();
  BothChanges changes = scene.changes();
  changes.remote->fresh = {{uid(3), 9}};
  SUBCASE("found") {
    changes.remote->doubtful = uids("2,4");
    checkCopies(work, changes, kThere);
    CHECK(scene.pairs() == "1-1 3-4");
    CHECK(work.isOver());
    CHECK(work.next.has_value());
    CHECK(scene.store.journal(scene.mailbox.id, kThere).intents.size() == 1);
    CHECK(scene.said().find("remote: Server told wrong UIDs: 2 are not") != std::string::npos);
  }
  SUBCASE("as it should be") {
    changes.remote->doubtful = uids("4");
    checkCopies(work, changes, kThere);
    CHECK(scene.pairs() == "1-1 2-2 3-4");
    CHECK_FALSE(work.isOver());
  }
}

TEST_CASE("repair: what one side lost is copied again, what both lost is gone") {
  struct {
    const char *lostHere, *lostThere, *goneHere, *goneThere;
    const char *redoHere, *redoThere, *nowGoneHere, *nowGoneThere;
  } table[] = {
      {"", "", "", "", "", "", "", ""},       {"2", "", "", "", "", "2", "", ""},
      {"", "2:3", "", "", "2:3", "", "", ""}, {"2", "2", "", "", "", "", "2", "2"},
      {"2", "", "", "2", "", "", "2", "2"},
  };
  for (const auto& row : table) {
    CAPTURE(row.lostHere);
    CAPTURE(row.lostThere);
    StageScene scene;
    scene.synchronised(5);
    Work work = scene.work();
    BothChanges changes = scene.changes();
    changes.local->lost = uids(row.lostHere);
    changes.remote->lost = uids(row.lostThere);
    changes.local->gone = uids(row.goneHere);
    changes.remote->gone = uids(row.goneThere);
    Both<UidSet> redo = findLost(work, changes);
    CHECK(redo.local == uids(row.redoHere));
    CHECK(redo.remote == uids(row.redoThere));
    CHECK(changes.local->gone == uids(row.nowGoneHere));
    CHECK(changes.remote->gone == uids(row.nowGoneThere));
  }
}

TEST_CASE("field 4: a flag that a fresh copy lacks was not removed from it") {
  struct {
    const char* name;
    bool copied;                 // to the remote side, and not looked at yet: 2, with \\Seen and work
    const char *here, *there;    // null: said nothing
    const char *base, *nowHere;  // after; null: not told
  } table[] = {
      {"kept", true, nullptr, "\\Seen work", "\\Seen work", nullptr},
      {"more than that", true, nullptr, "\\Flagged \\Seen work", "\\Seen work", nullptr},
      {"one is missing", true, nullptr, "\\Seen", "\\Seen", "\\Seen work"},
      {"all are", true, nullptr, "", "", "\\Seen work"},
      {"all are, and one was removed here", true, "work", "", "", "work"},
      {"not a copy: it was removed", false, nullptr, "\\Seen", "\\Seen work", nullptr},
  };
  for (const auto& row : table) {
    CAPTURE(row.name);
    StageScene scene;
    scene.synchronised(3);
    scene.write([&] { scene.store.setBase(scene.mailbox.id, uid(2), flags("\\Seen work")); });
    // The second and the third came after the last pass that ended well.
    store::SideState before = scene.state(Side::remote);
    before.uidNext = {2};
    scene.write([&] {
      scene.store.putState(scene.mailbox.id, scene.state(Side::local), before);
      if (row.copied) scene.store.addCopied(scene.mailbox.id, Side::remote, uids("2"));
    });
    Work work = scene.work();
    BothChanges changes = scene.changes();
    if (row.here != nullptr) changes.local->flags[uid(2)] = flags(row.here);
    changes.remote->flags[uid(2)] = flags(row.there);
    auto touched = touchedPairs(work, changes, {});
    REQUIRE(touched.size() == 1);
    CHECK(touched[0].base == flags(row.base));
    CHECK(touched[0].now.local.has_value() == (row.nowHere != nullptr));
    if (row.nowHere != nullptr && touched[0].now.local) CHECK(*touched[0].now.local == flags(row.nowHere));
  }
}

}  // namespace
}  // namespace interimap
