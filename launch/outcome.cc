#include "launch/outcome.h"

#include <algorithm>

namespace interimap {

std::optional<int> outcome(std::span<const End> ends, Asked asked) {
  if (std::ranges::any_of(ends, &End::crashed)) return static_cast<int>(ExitStatus::internal);
  if (asked == Asked::interrupt) return kInterrupted;
  if (asked == Asked::terminate) return 0;
  std::optional<int> lost;
  for (const End& end : ends) {
    bool netThatIsDone = end.role != Role::sync && end.said == ExitStatus::ok;
    if (!end.said || netThatIsDone) continue;
    if (end.role != Role::sync || end.said != ExitStatus::unavailable) return static_cast<int>(*end.said);
    lost = static_cast<int>(*end.said);
  }
  return lost;
}

bool mayPass(int status, Reached reached) {
  switch (static_cast<ExitStatus>(status)) {
    case ExitStatus::unavailable: return true;
    case ExitStatus::tryAgain: return reached != Reached::nothing;
    case ExitStatus::io:
    case ExitStatus::protocol: return reached == Reached::waiting;
    case ExitStatus::ok:
    case ExitStatus::usage:
    case ExitStatus::data:
    case ExitStatus::internal:
    case ExitStatus::cantCreate:
    case ExitStatus::noPermission:
    case ExitStatus::config: return false;
  }
  return false;
}

}  // namespace interimap
