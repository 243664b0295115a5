// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pass/restraint.h"

#include <utility>

namespace interimap {

namespace {

bool isMost(std::uint64_t lost, std::uint64_t of) { return of > kFewMessages && lost * 10 >= of * 9; }

// Either of what both sides knew, or of what this side still has: what a user deletes here meanwhile must not
// make a loss there look small, nor a small rest look like nothing.
// `gone`: that were pairs, and that one side or both do not have any more.
struct Gone {
  std::uint64_t fromBoth, fromHere;
};
bool losesMost(const UidSet& expunge, const Gone& gone, const Past& past) {
  std::uint64_t expunged = expunge.size() + past.expunged, known = past.messages + past.expunged;
  return isMost(expunged + gone.fromBoth, known) || isMost(expunged, known - gone.fromBoth - gone.fromHere);
}

bool isTooMany(const UidSet& expunge, const Limits& limits, const Past& past) {
  if (!limits.maxDeletions) return false;
  auto [number, percent] = *limits.maxDeletions;
  std::uint64_t most = percent ? (past.messages + past.expunged) * number / 100 : number;
  return expunge.size() + past.expunged > most;
}

// Flags that are not stored on a side by the policy. As of what a server cannot store (reconcile.h), the base
// has what that side has.
UidSet leaveFlags(Plan& plan, Side side) {
  UidSet left;
  auto& todo = plan.todo[side];
  for (const auto* updates : {&todo.add, &todo.remove, &todo.withheld})
    for (const FlagUpdate& update : *updates) left.add(update.uids);
  todo.add = todo.remove = todo.withheld = {};
  for (Plan::Agreed& agreed : plan.agreed)
    agreed.base =
        (agreed.base - std::exchange(agreed.add[side], {})) | std::exchange(agreed.remove[side], {});
  plan.conflicts.clear();
  return left;
}

}  // namespace

Restrained restrain(Plan plan, const Both<Access>& access, const Limits& limits, const Both<Past>& past,
                    std::int64_t now) {
  Restrained out;
  const std::uint64_t fromBoth = plan.forget.size();
  const Both<Gone> gone{{fromBoth, plan.todo.remote.expunge.size()},
                        {fromBoth, plan.todo.local.expunge.size()}};
  for (Side side : kSides) {
    UidSet& expunge = plan.todo[side].expunge;
    if (!limits.policy.stores(side)) out.unflagged[side] = leaveFlags(plan, side);
    if (!limits.policy.expunges(side)) {
      out.parted[side] = std::exchange(expunge, {});
      continue;
    }
    if (!access[side].expunges()) {
      out.kept[side] = std::exchange(expunge, {});
      continue;
    }
    expunge.add(past[side].kept);
    if (expunge.empty() || limits.force) continue;
    bool tooMany = isTooMany(expunge, limits, past[side]), most = losesMost(expunge, gone[side], past[side]);
    const std::optional<store::Brake>& brake = past[side].brake;
    bool asBefore = brake && brake->uids == expunge && brake->since <= now;
    bool confirmed = asBefore && now - brake->since >= kConfirmedAfter;
    if (!tooMany && (!most || confirmed)) continue;
    if (most) out.brake[side] = asBefore ? *brake : store::Brake{now, expunge};
    out.heldBack[side] = HeldBack{tooMany ? HeldBack::Why::tooMany : HeldBack::Why::most,
                                  std::exchange(expunge, {}), past[side].messages};
  }
  out.plan = std::move(plan);
  return out;
}

std::string text(const HeldBack& heldBack) {
  std::string count =
      std::to_string(heldBack.uids.size()) + " of " + std::to_string(heldBack.of) + " messages: ";
  switch (heldBack.why) {
    case HeldBack::Why::tooMany:
      return count + "more than max-deletions allows. If that is right, run with --force-deletions.";
    case HeldBack::Why::most:
      return count +
             "the other side has lost most of them at once. If that is still so in ten minutes or later, it "
             "will be done; --force-deletions does it now.";
  }
  return count;
}

}  // namespace interimap
