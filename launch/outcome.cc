#include "launch/outcome.h"

#include <algorithm>

namespace interimap {

std::optional<int> outcome(std::span<const End> ends, Asked asked) {
  if (std::ranges::any_of(ends, &End::crashed)) return static_cast<int>(ExitStatus::internal);
  if (asked == Asked::interrupt) return kInterrupted;
  if (asked == Asked::terminate) return 0;
  for (const End& end : ends) {
    bool netThatIsDone = end.role != Role::sync && end.said == ExitStatus::ok;
    if (end.said && !netThatIsDone) return static_cast<int>(*end.said);
  }
  return std::nullopt;
}

}  // namespace interimap
