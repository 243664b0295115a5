// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The two ways in which a process gives up (the third kind of error, an answer to handle, is a value).
#pragma once

#include <stdexcept>
#include <string>

#include "ipc/exit_status.h"

namespace interimap {

// Ends this connection or this run. Thrown where it is noticed, caught once, in main(). The text goes to the
// log behind "ERROR: " and may quote a server; the log escapes control characters, so the thrower need not.
struct Failure : std::runtime_error {
  Failure(ExitStatus status, const std::string& text) : std::runtime_error(text), status(status) {}
  ExitStatus status;
};

// The process at the other end of a channel went away. Whoever notices ends quietly: launch knows the cause.
struct PeerGone : std::runtime_error {
  PeerGone() : std::runtime_error("the process at the other end of the channel is gone") {}
};

// The process at the other end of a channel broke the protocol between us, so it is taken to be compromised:
// no reply, no repair. Caught in main() like Failure, logged, and exit(70).
struct PeerViolation : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace interimap
