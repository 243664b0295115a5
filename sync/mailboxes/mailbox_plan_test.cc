// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/mailboxes/mailbox_plan.h"

#include <doctest/doctest.h>

#include <string>

using namespace interimap;

namespace {

enum Listed { none, noSelect, plain, subscribed };
enum Row { unknown, knownPlain, knownSubscribed };

std::string shown(const std::vector<MailboxPlan>& plans) {
  std::string out;
  for (const MailboxPlan& plan : plans) {
    for (const MailboxStep& step : plan.steps) {
      const char* side = step.side == Side::local ? "local " : "remote ";
      switch (step.what) {
        case MailboxStep::Do::create: out += std::string("create ") + side; break;
        case MailboxStep::Do::subscribe: out += std::string("subscribe ") + side; break;
        case MailboxStep::Do::unsubscribe: out += std::string("unsubscribe ") + side; break;
        case MailboxStep::Do::add: out += step.subscribed ? "add+ " : "add "; break;
        case MailboxStep::Do::mark: out += step.subscribed ? "mark+ " : "mark "; break;
        case MailboxStep::Do::remove: out += std::string("delete ") + side; break;
      }
    }
    if (plan.goneFrom) out += *plan.goneFrom == Side::local ? "gone local " : "gone remote ";
    if (plan.steps.empty() && !plan.goneFrom) out += "sync ";
  }
  return out;
}

Listing listing(Listed listed) {
  if (listed == none) return {};
  return {{*MailboxName::of("a"), {listed != noSelect, listed == subscribed, {}}}};
}

}  // namespace

TEST_CASE("subscriptions that one side does not tell stay as they are on both") {
  const MailboxName name = *MailboxName::of("a");
  for (Listed local : {plain, subscribed})
    for (Listed remote : {plain, subscribed}) {
      CAPTURE(local);
      CAPTURE(remote);
      CHECK(shown(planMailboxes(listing(local), listing(remote), {}, false)) == "add ");
      for (bool known : {false, true})
        CHECK(shown(planMailboxes(listing(local), listing(remote), {{name, known}}, false)) == "sync ");
    }
  CHECK(shown(planMailboxes(listing(subscribed), {}, {}, false)) == "create remote add ");
  CHECK(shown(planMailboxes({}, listing(subscribed), {}, false)) == "create local add ");
  CHECK(shown(planMailboxes({}, listing(subscribed), {{name, true}}, false)) == "gone local ");
}

TEST_CASE("mailboxes and subscriptions: every row of the table") {
  const struct {
    Listed local, remote;
    Row row;
    const char* plan;
  } cases[] = {
      {none, none, unknown, ""},
      {none, none, knownPlain, ""},
      {noSelect, noSelect, unknown, ""},
      {plain, plain, unknown, "add "},
      {plain, subscribed, unknown, "subscribe local add+ "},
      {subscribed, plain, unknown, "subscribe remote add+ "},
      {subscribed, subscribed, unknown, "add+ "},
      {plain, plain, knownPlain, "sync "},
      {plain, plain, knownSubscribed, "mark "},
      {subscribed, subscribed, knownPlain, "mark+ "},
      {subscribed, plain, knownSubscribed, "unsubscribe local mark "},
      {plain, subscribed, knownSubscribed, "unsubscribe remote mark "},
      {subscribed, plain, knownPlain, "subscribe remote mark+ "},
      {plain, subscribed, knownPlain, "subscribe local mark+ "},
      {plain, none, unknown, "create remote add "},
      {subscribed, none, unknown, "create remote subscribe remote add+ "},
      {none, subscribed, unknown, "create local subscribe local add+ "},
      {plain, noSelect, unknown, "create remote add "},
      {plain, none, knownPlain, "gone remote "},
      {none, subscribed, knownSubscribed, "gone local "},
      {noSelect, plain, knownPlain, "gone local "},
  };
  for (const auto& c : cases) {
    CAPTURE(c.local);
    CAPTURE(c.remote);
    CAPTURE(c.row);
    KnownSubscriptions known;
    if (c.row != unknown) known.emplace(*MailboxName::of("a"), c.row == knownSubscribed);
    CHECK(shown(planMailboxes(listing(c.local), listing(c.remote), known)) == c.plan);
  }
}

TEST_CASE("what is gone from one side may be made again there") {
  for (Side side : kSides)
    for (bool isSubscribed : {true, false}) {
      MailboxPlan plan{*MailboxName::of("a"), {}, side};
      plan.makeAgain(isSubscribed);
      const std::string there = side == Side::local ? "local " : "remote ";
      CHECK(shown({plan}) == "create " + there + (isSubscribed ? "subscribe " + there + "add+ " : "add "));
      CHECK_FALSE(plan.isLeft());
    }
}
