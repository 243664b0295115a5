// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pass/restraint.h"

#include <doctest/doctest.h>

namespace interimap {
namespace {

constexpr std::int64_t kNow = 1'000'000;

Access mayAll() { return {false, {true, true, *Flags::parse("\\Answered \\Deleted \\Flagged \\Seen")}}; }
Access mayNotExpunge() { return {false, {false, false, *Flags::parse("\\Seen")}}; }

// A mailbox of which so many are to be expunged on local, as they are gone from remote; so many on remote;
// and so many are gone from both.
Plan plan(std::uint32_t onLocal, std::uint32_t onRemote = 0, std::uint32_t forgotten = 0) {
  Plan out;
  if (onLocal > 0) out.todo.local.expunge = UidSet::range(1, onLocal);
  if (onRemote > 0) out.todo.remote.expunge = UidSet::range(5001, 5000 + onRemote);
  for (std::uint32_t uid = 9001; uid <= 9000 + forgotten; ++uid) out.forget.push_back(*Uid::of(uid));
  return out;
}

Restrained restrained(Plan what, const Limits& limits, Past local, Access access = mayAll()) {
  Past remote = local;
  remote.kept = {};
  return restrain(std::move(what), {access, access}, limits, {local, remote}, kNow);
}

const char* outcome(const Restrained& decided, Side side) {
  if (!decided.heldBack[side]) return decided.plan.todo[side].expunge.empty() ? "nothing" : "done";
  CHECK(decided.plan.todo[side].expunge.empty());
  return decided.heldBack[side]->why == HeldBack::Why::most ? "most" : "tooMany";
}

TEST_CASE("field 7: what is most of a mailbox is held back, whoever deleted how much of it where") {
  struct {
    std::uint32_t messages, onLocal, onRemote, forgotten;
    const char *local, *remote;
  } table[] = {
      {200, 200, 0, 0, "most", "nothing"},   // all of it
      {200, 199, 0, 1, "most", "nothing"},   // and one here, too
      {200, 199, 1, 0, "most", "done"},      // and another one here
      {200, 199, 0, 0, "most", "nothing"},   // all but one
      {200, 180, 0, 0, "most", "nothing"},   // nine in ten
      {200, 179, 0, 0, "done", "nothing"},   // less
      {200, 10, 0, 190, "most", "nothing"},  // the rest that a user has kept here
      {200, 30, 170, 0, "most", "most"},     // nothing would be left
      {200, 50, 0, 100, "done", "nothing"},  // half of what is here
      {21, 19, 0, 0, "most", "nothing"},     // few
      {21, 18, 0, 0, "done", "nothing"},     //
      {20, 20, 0, 0, "done", "nothing"},     // too few to care
      {1'000'000, 900'000, 0, 0, "most", "nothing"},
      {200, 0, 200, 0, "nothing", "most"},
      {200, 0, 0, 200, "nothing", "nothing"},  // gone from both: there is nothing to hold back
  };
  for (const auto& row : table) {
    CAPTURE(row.messages);
    CAPTURE(row.onLocal);
    CAPTURE(row.onRemote);
    CAPTURE(row.forgotten);
    auto decided = restrained(plan(row.onLocal, row.onRemote, row.forgotten), {}, {.messages = row.messages});
    CHECK(std::string(outcome(decided, Side::local)) == row.local);
    CHECK(std::string(outcome(decided, Side::remote)) == row.remote);
    auto forced = restrained(plan(row.onLocal, row.onRemote, row.forgotten), {.force = true},
                             {.messages = row.messages});
    CHECK(forced.plan.todo.local.expunge.size() == row.onLocal);
    CHECK_FALSE(forced.brake.local);
  }
}

TEST_CASE(
    "field 7: it is done once it has been so for ten minutes, and the mark goes with what it was about") {
  const UidSet all = UidSet::range(1, 200);
  struct {
    const char* name;
    std::optional<store::Brake> before;
    std::uint32_t lost;  // now
    const char* local;
    std::optional<std::int64_t> since;
  } table[] = {
      {"at first", {}, 200, "most", kNow},
      {"in the next breath", store::Brake{kNow - 1, all}, 200, "most", kNow - 1},
      {"just before", store::Brake{kNow - 599, all}, 200, "most", kNow - 599},
      {"ten minutes later", store::Brake{kNow - 600, all}, 200, "done", {}},
      {"much later", store::Brake{17, all}, 200, "done", {}},
      {"some came back", store::Brake{17, all}, 190, "most", kNow},
      {"all came back", store::Brake{17, all}, 0, "nothing", {}},
      {"it is few now", store::Brake{17, all}, 3, "done", {}},
      {"more are lost", store::Brake{17, UidSet::range(1, 190)}, 200, "most", kNow},
      {"the clock went back", store::Brake{kNow + 3600, all}, 200, "most", kNow},
  };
  for (const auto& row : table) {
    CAPTURE(row.name);
    auto decided = restrained(plan(row.lost), {}, {.messages = 200, .brake = row.before});
    CHECK(std::string(outcome(decided, Side::local)) == row.local);
    CHECK(decided.brake.local.has_value() == row.since.has_value());
    if (row.since && decided.brake.local)
      CHECK(*decided.brake.local == store::Brake{*row.since, UidSet::range(1, row.lost)});
  }
}

TEST_CASE("restraint: what the policy leaves undone is neither done nor held back") {
  settings::OfMailbox never, oneWay, unflagged;
  never.deletions = settings::OfMailbox::Deletions::never;
  oneWay.direction = settings::OfMailbox::Direction::toLocal;
  unflagged.flags = false;
  const Flags seen = *Flags::parse("\\Seen"), none;
  struct {
    const settings::OfMailbox& rule;
    std::uint64_t expungedLocal, partedLocal, expungedRemote, partedRemote;
    bool storesLocal, storesRemote;
  } table[] = {
      {never, 0, 150, 0, 3, true, true},
      {oneWay, 150, 0, 0, 3, true, false},
      {unflagged, 150, 0, 3, 0, false, false},
  };
  for (const auto& row : table) {
    Plan what = plan(150, 3);
    const UidSet uids = UidSet::range(7001, 7001);
    for (Side side : kSides) what.todo[side].add = {{uids, seen}};
    what.agreed = {{*Uid::of(7001), *Uid::of(7001), seen, {seen, seen}, {none, none}}};
    const Limits limits{.maxDeletions = {{200}}, .policy = Policy(row.rule)};
    auto decided = restrained(std::move(what), limits, {.messages = 1000});
    CHECK(decided.plan.todo.local.expunge.size() == row.expungedLocal);
    CHECK(decided.parted.local.size() == row.partedLocal);
    CHECK(decided.plan.todo.remote.expunge.size() == row.expungedRemote);
    CHECK(decided.parted.remote.size() == row.partedRemote);
    for (Side side : kSides) {
      const bool stores = side == Side::local ? row.storesLocal : row.storesRemote;
      CHECK_FALSE(decided.heldBack[side]);
      CHECK(decided.plan.todo[side].add.empty() == !stores);
      CHECK(decided.unflagged[side] == (stores ? UidSet() : uids));
      CHECK(decided.plan.agreed[0].add[side] == (stores ? seen : none));
    }
    // What one side lacks is not in the base: it would be taken for removed.
    CHECK(decided.plan.agreed[0].base == (row.storesLocal && row.storesRemote ? seen : none));
  }
}

TEST_CASE("field 7: max-deletions counts what a run does in all its passes") {
  struct {
    Limits limits;
    std::uint64_t before;  // expunged by this run, of 200
    std::uint32_t lost;
    const char* local;
  } table[] = {
      {{.maxDeletions = {{10}}}, 0, 10, "done"},
      {{.maxDeletions = {{10}}}, 0, 11, "tooMany"},
      {{.maxDeletions = {{10}}}, 8, 2, "done"},
      {{.maxDeletions = {{10}}}, 8, 3, "tooMany"},
      {{.maxDeletions = {{0}}}, 0, 1, "tooMany"},
      {{.maxDeletions = {{0}}}, 0, 0, "nothing"},
      {{.maxDeletions = {{5, true}}}, 0, 10, "done"},
      {{.maxDeletions = {{5, true}}}, 0, 11, "tooMany"},
      {{.maxDeletions = {{5, true}}}, 9, 2, "tooMany"},
      {{.maxDeletions = {{5, true}}, .force = true}, 9, 2, "done"},
      {{.maxDeletions = {{1000}}}, 0, 200, "most"},
      {{.maxDeletions = {{10}}}, 0, 200, "tooMany"},
      {{}, 100, 80, "most"},  // in two bites
      {{}, 100, 79, "done"},
  };
  for (const auto& row : table) {
    CAPTURE(row.before);
    CAPTURE(row.lost);
    auto decided =
        restrained(plan(row.lost), row.limits, {.messages = 200 - row.before, .expunged = row.before});
    CHECK(std::string(outcome(decided, Side::local)) == row.local);
  }
}

TEST_CASE("field 7: what was kept for lack of rights is limited like everything else once it may go") {
  Past past{.messages = 200, .kept = UidSet::range(301, 330)};
  auto may = [&](Limits limits) { return restrained(plan(2), limits, past); };
  CHECK(may({}).plan.todo.local.expunge.size() == 32);
  CHECK(std::string(outcome(may({.maxDeletions = {{31}}}), Side::local)) == "tooMany");
  CHECK(may({.maxDeletions = {{31}}}).heldBack.local->uids.size() == 32);
  CHECK(may({.maxDeletions = {{32}}}).plan.todo.local.expunge.size() == 32);
  past = {.messages = 30, .kept = UidSet::range(301, 330)};
  CHECK(std::string(outcome(restrained(plan(0), {}, past), Side::local)) == "most");

  auto mayNot = restrained(plan(2), {}, past, mayNotExpunge());
  CHECK(mayNot.kept.local == UidSet::range(1, 2));
  CHECK(mayNot.plan.todo.local.expunge.empty());
  CHECK_FALSE(mayNot.heldBack.local);
}

}  // namespace
}  // namespace interimap
