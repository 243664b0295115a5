// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pass/restraint.h"

#include <utility>

namespace interimap {

namespace {

// Mailboxes of so many messages are emptied by hand every day.
constexpr std::uint64_t kFewMessages = 20;

std::optional<HeldBack::Why> brake(const UidSet& expunge, bool everything, const Limits& limits,
                                   const Expunging& side) {
  if (expunge.empty() || limits.force) return std::nullopt;
  std::uint64_t most = limits.percent ? side.messages * limits.maxDeletions.value_or(100) / 100
                                      : limits.maxDeletions.value_or(side.messages);
  if (expunge.size() > most) return HeldBack::Why::tooMany;
  if (everything && !side.confirmed) return HeldBack::Why::everything;
  return std::nullopt;
}

}  // namespace

Restrained restrain(Plan plan, const Both<Access>& access, const Limits& limits,
                    const Both<Expunging>& expunging) {
  Restrained out;
  for (Side side : kSides) {
    UidSet& expunge = plan.todo[side].expunge;
    if (!access[side].expunges()) {
      out.kept[side] = std::exchange(expunge, {});
      continue;
    }
    expunge.add(expunging[side].kept);
    std::uint64_t messages = expunging[side].messages;
    out.lostAll[side] = messages > kFewMessages && expunge.size() == messages;
    if (auto why = brake(expunge, out.lostAll[side], limits, expunging[side]))
      out.heldBack[side] = HeldBack{*why, std::exchange(expunge, {}), messages};
  }
  out.plan = std::move(plan);
  return out;
}

std::string text(const HeldBack& heldBack) {
  std::string count =
      std::to_string(heldBack.uids.size()) + " of " + std::to_string(heldBack.of) + " messages";
  switch (heldBack.why) {
    case HeldBack::Why::tooMany:
      return count + ": more than max-deletions allows. If that is right, run with --force-deletions.";
    case HeldBack::Why::everything:
      return count +
             ": the other side has lost all of them at once. If that is still so at the next run, it will be "
             "done; --force-deletions does it now.";
  }
  return count;
}

}  // namespace interimap
