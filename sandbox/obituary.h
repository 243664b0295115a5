// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The last words of a process that its seccomp filter stops: the number of the system call.
#pragma once

namespace interimap::sandbox {

// Installs the handler for SIGSYS, which writes the obituary to `pipe` (-1: nowhere) and ends the process
// with SIGSYS all the same. It is the last change of a signal's disposition: the filter forbids rt_sigaction.
// Throws std::runtime_error if `pipe` is open as anything but a pipe: the obituary must not end up in a
// database that happens to have got the number.
void prepareObituary(int pipe);

}  // namespace interimap::sandbox
