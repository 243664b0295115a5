// How the whole run ends, from how its processes ended.
#pragma once

#include <optional>
#include <span>

#include "ipc/exit_status.h"
#include "launch/worker.h"

namespace interimap {

// What the user asked for while the run was on.
enum class Asked { nothing, terminate, interrupt };

// A worker's end; `crashed` if it died of what causeOfDeath() tells or broke the protocol.
struct End {
  Role role;
  std::optional<ExitStatus> said;
  bool crashed = false;
};

inline constexpr int kInterrupted = 1;  // SIGINT, as the Perl program of this name has it

// The exit status of the run; `ends` in the order in which they happened. A crash outweighs all; a request
// to stop comes next; then it is the first that had something to say: sync, or a net that failed. Nothing if
// nobody did, which should not happen.
std::optional<int> outcome(std::span<const End> ends, Asked asked);

}  // namespace interimap
