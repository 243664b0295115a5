// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pass/reconcile.h"

#include <doctest/doctest.h>

#include <string>

using namespace interimap;

namespace {

Flags flags(const char* text) { return *Flags::parse(text); }
std::optional<Flags> said(const char* text) {
  return text == nullptr ? std::nullopt : std::optional(flags(text));
}
Uid uid(std::uint32_t n) { return *Uid::of(n); }

// One pair, 7 here and 9 there, in and after.
struct Case {
  const char *base, *here, *there;  // null: not known, or not said
  const char *addHere, *removeHere, *addThere, *removeThere, *after;
};

std::string text(const std::vector<FlagUpdate>& updates) {
  std::string out;
  for (const FlagUpdate& update : updates) out += update.flags.text();
  return out;
}

}  // namespace

TEST_CASE("flags are merged three ways, flag by flag") {
  const Case cases[] = {
      // base       here             there         +here     -here     +there     -there    after
      {"", "\\Seen", nullptr, "", "", "\\Seen", "", "\\Seen"},
      {"\\Seen", nullptr, "", "", "\\Seen", "", "", ""},
      {"", "\\Seen", "\\Seen", "", "", "", "", "\\Seen"},
      {"\\Seen", "", "\\Seen \\Flagged", "\\Flagged", "", "", "\\Seen", "\\Flagged"},
      {"a b", "a c", "b d", "d", "a", "c", "b", "c d"},
      {"\\Seen", "", "", "", "", "", "", ""},
      {"\\Deleted", "\\Deleted work", nullptr, "", "", "work", "", "\\Deleted work"},
      {"Work", "work", "WORK x", "x", "", "", "", "work x"},  // case is no difference
  };
  for (const Case& c : cases) {
    CAPTURE(c.base);
    CAPTURE(c.after);
    Plan plan = reconcile({{uid(7), uid(9), said(c.base), {said(c.here), said(c.there)}, {}}}, {});
    CHECK(flags(text(plan.todo.local.add).c_str()) == flags(c.addHere));
    CHECK(flags(text(plan.todo.local.remove).c_str()) == flags(c.removeHere));
    CHECK(flags(text(plan.todo.remote.add).c_str()) == flags(c.addThere));
    CHECK(flags(text(plan.todo.remote.remove).c_str()) == flags(c.removeThere));
    REQUIRE(plan.agreed.size() == 1);
    CHECK(plan.agreed[0].base == flags(c.after));
    CHECK(plan.conflicts.empty());
  }
}

TEST_CASE("without a base both lists are kept, and that is reported") {
  Plan plan = reconcile({{uid(7), uid(9), {}, {flags("\\Seen"), flags("\\Flagged")}, {}}}, {});
  CHECK(text(plan.todo.local.add) == "\\Flagged");
  CHECK(text(plan.todo.remote.add) == "\\Seen");
  REQUIRE(plan.conflicts.size() == 1);
  CHECK(plan.conflicts[0].both == flags("\\Seen \\Flagged"));

  CHECK(reconcile({{uid(7), uid(9), {}, {flags("\\Seen"), flags("\\seen")}, {}}}, {}).conflicts.empty());
}

// One pair of which one side cannot store everything; twice, the second time from where the first one led.
TEST_CASE("what a side cannot store is neither sent there nor missed there") {
  const Access anything, seenOnly{false, {false, false, flags("\\Seen")}}, readOnly{true, {}};
  struct Row {
    const char *base, *here, *there;  // there: not everything can be stored
    const Access& access;
    const char *addHere, *removeHere, *addThere, *removeThere, *after;
    bool withheld = false;
  };
  const Row rows[] = {
      // base         here             there                        +here      -here     +there     -there
      // after
      {"", "work \\Seen", nullptr, seenOnly, "", "", "\\Seen", "", "\\Seen", true},
      // An absence is no removal, whatever made the base claim that it was there.
      {"work \\Seen", nullptr, "", seenOnly, "", "\\Seen", "", "", "", true},
      {"", "work", "\\Seen", seenOnly, "\\Seen", "", "", "", "\\Seen", true},
      // It was there once, and cannot be removed any more.
      {"work", "", nullptr, seenOnly, "", "", "", "", "work", true},
      {"work", "", "work \\Seen", seenOnly, "\\Seen", "", "", "", "work \\Seen", true},
      // Nothing is written, and what somebody did there comes here.
      {"", "\\Seen work", nullptr, readOnly, "", "", "", "", "", true},
      {"\\Seen", "", nullptr, readOnly, "", "", "", "", "\\Seen", true},
      {"\\Seen", nullptr, "", readOnly, "", "\\Seen", "", "", ""},
      {"\\Seen", nullptr, "\\Seen \\Flagged", readOnly, "\\Flagged", "", "", "", "\\Flagged \\Seen"},
      {nullptr, "work", "\\Seen", readOnly, "\\Seen", "", "", "", "\\Seen", true},
  };
  for (const Row& row : rows) {
    CAPTURE(&row - rows);
    Plan plan = reconcile({{uid(7), uid(9), said(row.base), {said(row.here), said(row.there)}, {}}},
                          {anything, row.access});
    CHECK(flags(text(plan.todo.local.add).c_str()) == flags(row.addHere));
    CHECK(flags(text(plan.todo.local.remove).c_str()) == flags(row.removeHere));
    CHECK(flags(text(plan.todo.remote.add).c_str()) == flags(row.addThere));
    CHECK(flags(text(plan.todo.remote.remove).c_str()) == flags(row.removeThere));
    CHECK(plan.todo.remote.withheld.empty() == !row.withheld);
    REQUIRE(plan.agreed.size() == 1);
    CHECK(plan.agreed[0].base == flags(row.after));
    // If the other side speaks of the message again, what it has already is not asked of it once more.
    Flags base = plan.agreed[0].base;
    Flags there = row.there == nullptr ? said(row.base).value_or(Flags()) : flags(row.there);
    there = (there | plan.agreed[0].add.remote) - plan.agreed[0].remove.remote;
    Plan again = reconcile({{uid(7), uid(9), base, {{}, there}, {}}}, {anything, row.access});
    CHECK_FALSE(again.writes(Side::local));
    CHECK_FALSE(again.writes(Side::remote));
    CHECK(again.agreed[0].base == base);
  }
}

TEST_CASE("what may be written") {
  CHECK(Access().expunges());
  CHECK_FALSE(Access{true, {}}.expunges());
  CHECK_FALSE(Access{false, {false, false, flags("\\Seen")}}.expunges());
  CHECK(Access{false, {false, true, flags("\\Seen \\Deleted")}}.expunges());
}

TEST_CASE("expunges go to the other side, whatever the flags") {
  Plan plan = reconcile({{uid(1), uid(11), flags(""), {}, {true, false}},
                         {uid(2), uid(12), flags(""), {{}, flags("\\Seen")}, {true, false}},
                         {uid(3), uid(13), {}, {}, {false, true}},
                         {uid(4), uid(14), flags(""), {}, {true, true}}},
                        {});
  CHECK(plan.todo.remote.expunge.text() == "11:12");
  CHECK(plan.todo.local.expunge.text() == "3");
  CHECK(plan.forget == std::vector<Uid>{uid(4)});
  CHECK(plan.agreed.empty());
  CHECK(plan.writes(Side::local));
}

TEST_CASE("equal updates travel together") {
  std::vector<Touched> touched;
  for (std::uint32_t n = 1; n <= 100; ++n)
    touched.push_back(
        {uid(n), uid(1000 + n), flags(""), {flags(n % 2 ? "\\Seen" : "\\Flagged \\Seen"), {}}, {}});
  Plan plan = reconcile(touched, {});
  REQUIRE(plan.todo.remote.add.size() == 2);
  CHECK(plan.todo.remote.add[0].uids.size() == 50);
  CHECK(plan.todo.local.add.empty());
}
