// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// How the whole run ends, from how its processes ended.
#pragma once

#include <optional>
#include <span>

#include "ipc/exit_status.h"
#include "launch/run/signals.h"
#include "launch/run/worker.h"

namespace interimap {

// A worker's end; `crashed` if it died of what causeOfDeath() tells or broke the protocol.
struct End {
  Role role;
  std::optional<ExitStatus> said;
  bool crashed = false;
};

inline constexpr int kInterrupted = 1;  // SIGINT, as the Perl program of this name has it

// The exit status of the run; `ends` in the order in which they happened. A crash outweighs all; a request
// to stop comes next; then it is the first that failed, sync or a net. If all that sync has to say is that it
// lost a server, the net knows better. If sync has come to its end, a server that is lost was not needed any
// more, or hung up at the one thing that was left; but one that did something else wrong is not forgiven.
// Either may be seen first. Nothing if nobody spoke, which should not happen. A delivery process is among the
// ends only if it crashed: else sync judges what came of it.
std::optional<int> outcome(std::span<const End> ends, Asked asked);

// How far a run of --watch or --idle had come when it ended.
enum class Reached {
  nothing,
  database,  // sync held its lock
  waiting,   // nothing was left to do once, in this run or in one before
};

// Whether what ended such a run may pass by itself, so that it is worth another one. A server that is
// away always is. What has worked once may do so again; before that, a database that is locked belongs to
// somebody who watches it already, and a server that cannot do what we need never will. Credentials or a
// certificate that the first attempt finds refused are wrong; later it may be a password that is about to be
// changed back, a certificate that is renewed in a moment, or too many connections.
bool mayPass(int status, Reached reached, bool first);

}  // namespace interimap
