// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/mailboxes/policy.h"

#include <doctest/doctest.h>

#include "sync/mailboxes/mailbox_plan.h"

namespace interimap {
namespace {

using Rule = settings::OfMailbox;
using Direction = Rule::Direction;
using Deletions = Rule::Deletions;

Rule rule(Direction direction, Deletions deletions = Deletions::both) {
  Rule rule;
  rule.pattern = std::string("a\0*", 3);
  rule.direction = direction;
  rule.deletions = deletions;
  return rule;
}

TEST_CASE("policy: what may be done to each side") {
  struct {
    Direction direction;
    Deletions deletions;
    bool writesLocal, writesRemote, expungesLocal, expungesRemote;
    const char* whyLocal;  // nothing is expunged there
  } table[] = {
      {Direction::both, Deletions::both, true, true, true, true, ""},
      {Direction::both, Deletions::never, true, true, false, false, "deletions = never"},
      {Direction::both, Deletions::toLocal, true, true, true, false, ""},
      {Direction::both, Deletions::toRemote, true, true, false, true, "deletions = to-remote"},
      {Direction::toLocal, Deletions::both, true, false, true, false, ""},
      {Direction::toLocal, Deletions::never, true, false, false, false, "deletions = never"},
      {Direction::toLocal, Deletions::toLocal, true, false, true, false, ""},
      {Direction::toRemote, Deletions::both, false, true, false, true, "direction = to-remote"},
      {Direction::toRemote, Deletions::never, false, true, false, false, "direction = to-remote"},
      {Direction::toRemote, Deletions::toRemote, false, true, false, true, "direction = to-remote"},
  };
  for (const auto& row : table) {
    const Policy policy(rule(row.direction, row.deletions));
    CAPTURE(static_cast<int>(row.direction));
    CAPTURE(static_cast<int>(row.deletions));
    CHECK(policy.writes(Side::local) == row.writesLocal);
    CHECK(policy.writes(Side::remote) == row.writesRemote);
    CHECK(policy.stores(Side::remote) == row.writesRemote);
    CHECK(policy.creates(Side::local) == row.writesLocal);
    CHECK(policy.expunges(Side::local) == row.expungesLocal);
    CHECK(policy.expunges(Side::remote) == row.expungesRemote);
    CHECK(policy.whyKept(Side::local) == row.whyLocal);
    CHECK(policy.where() == " of [mailbox a/*]");
  }
}

TEST_CASE("policy: why a message is not copied, and whether that is still so") {
  Rule limited = rule(Direction::both);
  limited.maxSize = 3 << 20;
  limited.maxAge = 730;
  Rule oneWay = rule(Direction::toLocal);
  struct {
    Rule rule;
    Side target;
    std::uint64_t octets;
    bool old;
    const char* why;
  } table[] = {
      {limited, Side::local, 3 << 20, false, ""},
      {limited, Side::local, (3 << 20) + 1, false, "max-size = 3M"},
      {limited, Side::remote, 1, true, "max-age = 2y"},
      {limited, Side::remote, 4 << 20, true, "max-size = 3M"},
      {oneWay, Side::local, 4 << 20, true, ""},
      {oneWay, Side::remote, 1, false, "direction = to-local"},
  };
  for (const auto& row : table) {
    const Policy policy(row.rule);
    const std::string why = policy.whyOutside(row.target, row.octets, row.old);
    CHECK(why == row.why);
    CHECK(policy.stillSays(why, row.target) == !why.empty());
    CHECK_FALSE(Policy().stillSays(why, row.target));
  }
  Rule other = limited;
  other.maxSize = 3000;
  other.maxAge = 31;
  CHECK_FALSE(Policy(other).stillSays("max-size = 3M", Side::local));
  CHECK_FALSE(Policy(other).stillSays("max-age = 2y", Side::local));
  CHECK(Policy(other).stillSays("max-size = 3000", Side::local));
  CHECK(Policy(other).stillSays("max-age = 31d", Side::local));
}

TEST_CASE(
    "policy: steps that are not wanted are left out of a plan, and what the database has fits the rest") {
  using Do = MailboxStep::Do;
  const MailboxName name = *MailboxName::of("a");
  Rule uncreated;
  uncreated.create = false;
  struct {
    const char* name;
    Rule rule;
    std::vector<MailboxStep> steps, left, unwanted;
    bool isLeft;
  } table[] = {
      {"nothing is against it",
       {},
       {{Do::create, Side::remote}, {Do::add}},
       {{Do::create, Side::remote}, {Do::add}},
       {},
       false},
      {"not created",
       uncreated,
       {{Do::create, Side::remote}, {Do::subscribe, Side::remote}, {Do::add, Side::local, true}},
       {},
       {{Do::create, Side::remote}},
       true},
      {"not there",
       rule(Direction::toLocal),
       {{Do::create, Side::remote}, {Do::add}},
       {},
       {{Do::create, Side::remote}},
       true},
      {"but here",
       rule(Direction::toLocal),
       {{Do::create, Side::local}, {Do::add}},
       {{Do::create, Side::local}, {Do::add}},
       {},
       false},
      {"subscribed here alone",
       rule(Direction::toLocal),
       {{Do::subscribe, Side::remote}, {Do::add, Side::local, true}},
       {{Do::add, Side::local, false}},
       {{Do::subscribe, Side::remote}},
       false},
      {"unsubscribed here",
       rule(Direction::toLocal),
       {{Do::unsubscribe, Side::remote}, {Do::mark, Side::local, false}},
       {},
       {{Do::unsubscribe, Side::remote}},
       false},
      {"unsubscribed there",
       rule(Direction::toLocal),
       {{Do::unsubscribe, Side::local}, {Do::mark, Side::local, false}},
       {{Do::unsubscribe, Side::local}, {Do::mark, Side::local, false}},
       {},
       false},
      {"subscribed, where none is created",
       uncreated,
       {{Do::subscribe, Side::remote}, {Do::mark, Side::local, true}},
       {{Do::subscribe, Side::remote}, {Do::mark, Side::local, true}},
       {},
       false},
  };
  for (const auto& row : table) {
    CAPTURE(row.name);
    MailboxPlan plan{name, row.steps, {}};
    leaveUnwanted(plan, Policy(row.rule));
    CHECK(plan.steps == row.left);
    CHECK(plan.isLeft() == row.isLeft);
    std::vector<MailboxStep> unwanted;
    for (const auto& left : plan.left) unwanted.push_back(left.step);
    CHECK(unwanted == row.unwanted);
  }
}

}  // namespace
}  // namespace interimap
