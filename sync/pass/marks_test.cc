// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pass/marks.h"

#include <doctest/doctest.h>

#include "sync/pass/stage_scene_test.h"

namespace interimap {
namespace {

using model::kDeleted;
constexpr Side kThere = Side::remote;

UidSet uids(const char* text) { return *text == 0 ? UidSet() : *UidSet::parse(text); }

struct Scene : StageScene {
  explicit Scene(const char* marked) {
    accounts.remote.setup.uidPlus = false;
    synchronised(5);
    for (Uid uid : uids(marked).each()) box(kThere).byUid(uid.value())->flags |= kDeleted;
  }
  std::string marked() {
    UidSet marked;
    for (const model::HeldMessage& held : box(kThere).messages)
      if (held.flags & kDeleted) marked.add(*Uid::of(held.uid));
    return marked.text();
  }
};

TEST_CASE("without UIDPLUS the marks of others are put aside, written down, and given back") {
  const struct {
    const char *name, *marked, *ours, *after, *aside;
  } table[] = {
      {"nothing is marked", "", "2", "", ""}, {"ours are, from a killed run", "2", "2", "2", ""},
      {"others", "1,3", "2", "", "1,3"},      {"ours and others", "2:4", "2", "2", "3:4"},
      {"all", "1:5", "5", "5", "1:4"},
  };
  for (const auto& row : table) {
    CAPTURE(row.name);
    Scene scene(row.marked);
    Work work = scene.work();
    auto before = setMarksAside(work, kThere, uids(row.ours));
    REQUIRE(before);
    CHECK(before->text() == "1:5");
    CHECK(scene.marked() == row.after);
    auto written = scene.store.marked(scene.mailbox.id, kThere);
    REQUIRE(written);
    CHECK(written->uids == uids(row.aside));
    // Another run, after a kill; and once more.
    for (int times = 0; times < 2; ++times) {
      scene.server(kThere).simple(request::Simple::Verb::unselect).get();
      Work another = scene.work();
      CHECK(restoreMarks(another, kThere));
      CHECK(scene.marked() == row.marked);
      CHECK_FALSE(scene.store.marked(scene.mailbox.id, kThere));
    }
  }
}

TEST_CASE("marks are not given back to other messages, and not owed where nothing can be marked") {
  Scene scene("1,3");
  Work work = scene.work();
  REQUIRE(setMarksAside(work, kThere, uids("2")));
  SUBCASE("another mailbox by now") { scene.box(kThere).renumber(9); }
  SUBCASE("read-only by now") { scene.accounts.remote.setup.readOnly = true; }
  scene.server(kThere).simple(request::Simple::Verb::unselect).get();
  Work another = scene.work();
  CHECK(restoreMarks(another, kThere));
  CHECK(scene.marked().empty());
  CHECK_FALSE(scene.store.marked(scene.mailbox.id, kThere));
}

TEST_CASE("what went with ours is what is not there any more") {
  Scene scene("");
  Work work = scene.work();
  scene.box(kThere).expunge(4);
  CHECK(takenAlong(work, kThere, uids("1,3:5")).text() == "4");
  CHECK(takenAlong(work, kThere, uids("1,3,5")).empty());
}

}  // namespace
}  // namespace interimap
