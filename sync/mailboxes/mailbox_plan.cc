// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/mailboxes/mailbox_plan.h"

#include <set>
#include <utility>

namespace interimap {

namespace {

using Do = MailboxStep::Do;

// A mailbox that is on both sides: its subscription follows the side that changed it.
std::vector<MailboxStep> onBoth(bool local, bool remote, const bool* known, bool tell) {
  if (!tell && known == nullptr) return {{Do::add, Side::local, false}};  // so that none is undone later
  if (!tell) return {};
  if (known == nullptr) {
    std::vector<MailboxStep> steps;
    if (local != remote) steps.push_back({Do::subscribe, local ? Side::remote : Side::local});
    steps.push_back({Do::add, Side::local, local || remote});
    return steps;
  }
  if (local == remote) {
    if (local == *known) return {};
    return {{Do::mark, Side::local, local}};
  }
  if (*known) return {{Do::unsubscribe, local ? Side::local : Side::remote}, {Do::mark, Side::local, false}};
  return {{Do::subscribe, local ? Side::remote : Side::local}, {Do::mark, Side::local, true}};
}

std::vector<MailboxStep> onOne(Side side, bool subscribed) {
  std::vector<MailboxStep> steps{{Do::create, other(side)}};
  if (subscribed) steps.push_back({Do::subscribe, other(side)});
  steps.push_back({Do::add, Side::local, subscribed});
  return steps;
}

const ListedMailbox* existing(const Listing& listing, const MailboxName& name) {
  auto it = listing.find(name);
  return it != listing.end() && it->second.exists ? &it->second : nullptr;
}

}  // namespace

const char* verbOf(Do step) {
  return step == Do::create      ? "create"
         : step == Do::remove    ? "delete"
         : step == Do::subscribe ? "subscribe to"
                                 : "unsubscribe to";
}

void MailboxPlan::makeAgain(bool subscribed) {
  steps = onOne(other(*std::exchange(goneFrom, {})), subscribed);
}

// What the database has of a subscription is what a side that may not be written to has: so a change of that
// side is noticed, and the other side's stays as it is.
void leaveUnwanted(MailboxPlan& plan, const Policy& policy) {
  std::vector<MailboxStep> steps;
  bool isSubscriptionLeft = false;
  for (MailboxStep step : std::exchange(plan.steps, {})) {
    const bool creates = step.what == Do::create;
    const bool tellsServer = creates || step.what == Do::subscribe || step.what == Do::unsubscribe;
    if (tellsServer && (creates ? !policy.creates(step.side) : !policy.writes(step.side))) {
      plan.left.push_back({step, policy.whyNotCreated(step.side) + policy.where()});
      if (creates) return;
      isSubscriptionLeft = true;
      continue;
    }
    if (isSubscriptionLeft && step.what == Do::mark) continue;
    if (isSubscriptionLeft && step.what == Do::add) step.subscribed = false;
    steps.push_back(step);
  }
  plan.steps = std::move(steps);
}

std::vector<MailboxPlan> planMailboxes(const Listing& local, const Listing& remote,
                                       const KnownSubscriptions& known, bool tell) {
  std::set<MailboxName> names;
  for (const auto& [name, _] : local) names.insert(name);
  for (const auto& [name, _] : remote) names.insert(name);

  std::vector<MailboxPlan> plans;
  for (const MailboxName& name : names) {
    const ListedMailbox *here = existing(local, name), *there = existing(remote, name);
    auto row = known.find(name);
    const bool* subscribed = row == known.end() ? nullptr : &row->second;
    if (here != nullptr && there != nullptr)
      plans.push_back({name, onBoth(here->subscribed, there->subscribed, subscribed, tell), {}});
    else if (here == nullptr && there == nullptr)
      continue;
    else if (subscribed != nullptr)
      plans.push_back({name, {}, here != nullptr ? Side::remote : Side::local});
    else
      plans.push_back(
          {name,
           onOne(here != nullptr ? Side::local : Side::remote, tell && (here ? here : there)->subscribed),
           {}});
  }
  return plans;
}

}  // namespace interimap
