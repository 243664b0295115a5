// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/run/outcome.h"

#include <algorithm>

namespace interimap {

std::optional<int> outcome(std::span<const End> ends, Asked asked) {
  if (std::ranges::any_of(ends, &End::crashed)) return static_cast<int>(ExitStatus::internal);
  if (asked == Asked::interrupt) return kInterrupted;
  if (asked == Asked::terminate) return 0;
  auto sync = std::ranges::find_if(ends, [](const End& e) { return e.role == Role::sync && e.said; });
  bool judged = sync != ends.end(), lost = judged && sync->said == ExitStatus::unavailable;
  for (const End& end : ends) {
    if (!end.said || end.said == ExitStatus::ok || (end.role == Role::sync && lost)) continue;
    if (judged && !lost && (end.said == ExitStatus::unavailable || end.said == kStale)) continue;
    return static_cast<int>(*end.said);
  }
  return judged ? std::optional(static_cast<int>(*sync->said)) : std::nullopt;
}

bool mayPass(int status, Reached reached, bool first) {
  switch (static_cast<ExitStatus>(status)) {
    case ExitStatus::unavailable: return true;
    case ExitStatus::tryAgain: return reached != Reached::nothing;
    case ExitStatus::io:
    case ExitStatus::protocol: return reached == Reached::waiting;
    case ExitStatus::noPermission: return !first || reached == Reached::waiting;
    case ExitStatus::ok:
    case ExitStatus::usage:
    case ExitStatus::data:
    case ExitStatus::internal:
    case ExitStatus::cantCreate:
    case ExitStatus::config: return false;
  }
  return false;
}

}  // namespace interimap
