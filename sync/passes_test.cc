// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Whole passes over a mailbox, between two simulated servers: what is done, what is written down, when it is
// over.
#include "sync/passes.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>

#include "sync/pass/stage_scene_test.h"

namespace interimap {
namespace {

constexpr Side kHere = Side::local, kThere = Side::remote;
constexpr model::FlagBits kSeen = 1;

Uid uid(std::uint32_t n) { return *Uid::of(n); }

std::string text(StageScene& scene, Side side) {
  std::string out;
  for (const model::HeldMessage& held : scene.box(side).messages)
    out += (out.empty() ? "" : " ") + std::to_string(held.serial) + (held.flags & kSeen ? "s" : "");
  return out;
}

TEST_CASE("passes: both sides are equal once they are over, and what was reached is written down") {
  struct {
    const char* name;
    std::function<void(StageScene&)> meanwhile;
    const char* messages;  // on both sides
    const char* pairs;
    const char* said;
  } table[] = {
      {"nothing", [](StageScene&) {}, "1 2 3", "1-1 2-2 3-3", ""},
      {"new here", [](StageScene& s) { s.add(kHere, 7); }, "1 2 3 7", "1-1 2-2 3-3 4-4", "Added 1 UID(s)"},
      {"new on both", [](StageScene& s) { s.add(kHere, 7), s.add(kThere, 8); }, "1 2 3 7 8",
       "1-1 2-2 3-3 4-5 5-4", "Added 1 UID(s)"},
      {"the same, new on both", [](StageScene& s) { s.add(kHere, 7), s.add(kThere, 7); }, "1 2 3 7",
       "1-1 2-2 3-3 4-4", "on both sides already"},
      {"flags", [](StageScene& s) { s.flag(kThere, 2, kSeen); }, "1 2s 3", "1-1 2-2 3-3",
       "Updated flags (\\Seen) for UID 2"},
      {"expunged", [](StageScene& s) { s.expunge(kHere, 2); }, "1 3", "1-1 3-3", "Removed 1 UID(s) 2"},
      {"expunged on both", [](StageScene& s) { s.expunge(kHere, 2), s.expunge(kThere, 2); }, "1 3", "1-1 3-3",
       ""},
      {"flags here, expunged there",
       [](StageScene& s) {
         s.flag(kHere, 2, kSeen);
         s.expunge(kThere, 2);
       },
       "1 3", "1-1 3-3", "Removed 1 UID(s) 2"},
  };
  for (const auto& row : table) {
    CAPTURE(row.name);
    StageScene scene;
    scene.synchronised(3);
    row.meanwhile(scene);
    Connections& connections = scene.connections();
    Lists lists(scene.settings, {&scene.server(kHere), &scene.server(kThere)}, scene.log());
    Allowance allowance(scene.settings);
    Passes passes(scene.settings, connections, scene.exchange(), scene.store, scene.log(), lists, allowance);
    passes.synchronise({scene.mailbox});
    auto sorted = [](std::string words) {
      std::vector<std::string> each;
      for (std::size_t at = 0; at < words.size();) {
        std::size_t end = std::min(words.find(' ', at), words.size());
        each.push_back(words.substr(at, end - at));
        at = end + 1;
      }
      std::ranges::sort(each);
      std::string all;
      for (const std::string& word : each) all += (all.empty() ? "" : " ") + word;
      return all;
    };
    CHECK(sorted(text(scene, kHere)) == row.messages);
    CHECK(sorted(text(scene, kThere)) == row.messages);
    CHECK(scene.pairs() == row.pairs);
    CHECK(scene.log().status() == ExitStatus::ok);
    for (Side side : kSides) {
      auto reached = scene.store.state(scene.mailbox.id, side);
      REQUIRE(reached);
      CHECK(reached->uidNext == scene.state(side).uidNext);
      CHECK(reached->highestModSeq == scene.state(side).highestModSeq);
    }
    const std::string said = scene.said();
    if (*row.said == 0)
      CHECK(said.empty());
    else
      CHECK(said.find(row.said) != std::string::npos);
  }
}

TEST_CASE("passes: what the user does not want is left undone, and stays so until the rules are others") {
  using Rule = settings::OfMailbox;
  Rule never, oneWay, small;
  never.deletions = Rule::Deletions::never;
  oneWay.direction = Rule::Direction::toLocal;
  small.maxSize = 9;  // those of serial 5n and 5n+1
  struct {
    const char* name;
    const Rule& rule;
    std::function<void(StageScene&)> meanwhile;
    const char *here, *there, *pairs, *said, *laterHere, *laterThere;
  } table[] = {
      {"expunged here, and never there", never, [](StageScene& s) { s.expunge(kHere, 2); }, "1 3", "1 2 3",
       "1-1 3-3", "Keeping 1 UID(s) that were expunged on local (deletions = never of [mailbox ]): 2", "1 3",
       "1 2 3"},
      {"new here, one way", oneWay, [](StageScene& s) { s.add(kHere, 7); }, "1 2 3 7", "1 2 3", "1-1 2-2 3-3",
       "Not copying 1 UID(s) to remote (direction = to-local of [mailbox ]): 4", "1 2 3 7", "1 2 3 7"},
      {"new there", oneWay, [](StageScene& s) { s.add(kThere, 7); }, "1 2 3 7", "1 2 3 7", "1-1 2-2 3-3 4-4",
       "Added 1 UID(s)", "1 2 3 7", "1 2 3 7"},
      {"flags and expunges here, one way", oneWay,
       [](StageScene& s) { s.flag(kHere, 1, kSeen), s.expunge(kHere, 3); }, "1s 2", "1 2 3", "1-1 2-2",
       "Keeping 1 UID(s) that were expunged on local (direction = to-local of [mailbox ]): 3", "1s 2",
       "1 2 3"},
      {"flags and expunges there", oneWay,
       [](StageScene& s) { s.flag(kThere, 1, kSeen), s.expunge(kThere, 3); }, "1s 2", "1s 2", "1-1 2-2",
       "Removed 1 UID(s) 3", "1s 2", "1s 2"},
      {"large and small ones", small,
       [](StageScene& s) { s.add(kHere, 7), s.add(kHere, 5), s.add(kThere, 8); }, "1 2 3 7 5", "1 2 3 8 5",
       "1-1 2-2 3-3 5-5", "max-size = 9", "1 2 3 7 5 8", "1 2 3 8 5 7"},
  };
  for (const auto& row : table) {
    CAPTURE(row.name);
    StageScene scene;
    scene.synchronised(3);
    row.meanwhile(scene);
    scene.mailbox.policy = Policy(row.rule);
    Connections& connections = scene.connections();
    Lists lists(scene.settings, {&scene.server(kHere), &scene.server(kThere)}, scene.log());
    Allowance allowance(scene.settings);
    Passes passes(scene.settings, connections, scene.exchange(), scene.store, scene.log(), lists, allowance);
    std::string said;
    for (int runs = 0; runs < 2; ++runs) {
      passes.synchronise({scene.mailbox});
      CHECK(text(scene, kHere) == row.here);
      CHECK(text(scene, kThere) == row.there);
      CHECK(scene.pairs() == row.pairs);
      CHECK(scene.log().status() == ExitStatus::ok);
      if (runs == 0) CHECK(scene.said().find(row.said) != std::string::npos);
    }
    CHECK(scene.said() == "");
    scene.mailbox.policy = Policy();
    passes.synchronise({scene.mailbox});
    CHECK(text(scene, kHere) == row.laterHere);
    CHECK(text(scene, kThere) == row.laterThere);
    CHECK(scene.log().status() == ExitStatus::ok);
  }
}

TEST_CASE("passes: a dry run writes nothing, on no server and not in the database") {
  StageScene scene;
  scene.synchronised(3);
  scene.add(kHere, 7);
  scene.expunge(kThere, 2);
  scene.settings.dryRun = true;
  Connections& connections = scene.connections();
  Lists lists(scene.settings, {&scene.server(kHere), &scene.server(kThere)}, scene.log());
  Allowance allowance(scene.settings);
  Passes passes(scene.settings, connections, scene.exchange(), scene.store, scene.log(), lists, allowance);
  passes.preview(scene.mailbox);
  const std::string said = scene.said();
  CHECK(said.find("Would add 1 UID(s)") != std::string::npos);
  CHECK(said.find("Would remove 1 UID(s) 2") != std::string::npos);
  CHECK(text(scene, kHere) == "1 2 3 7");
  CHECK(text(scene, kThere) == "1 3");
  CHECK(scene.pairs() == "1-1 2-2 3-3");
  CHECK(scene.store.partner(scene.mailbox.id, kHere, uid(2)));
}

}  // namespace
}  // namespace interimap
