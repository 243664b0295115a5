// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "ipc/shortage.h"

#include <errno.h>
#include <string.h>

namespace interimap {

namespace {

constexpr const char* kDescriptors =
    "; raise the limit of open files (ulimit -n, or LimitNOFILE= of a service; 512 are enough)";
constexpr const char* kProcesses = "; raise the limit of processes (ulimit -u, or TasksMax= of a service)";

}  // namespace

Failure systemFailure(const std::string& what, int error) {
  std::string text = what + ": " + strerror(error);
  switch (error) {
    case EMFILE:
    case ETOOMANYREFS: return Failure(ExitStatus::tryAgain, text + kDescriptors);
    case EAGAIN: return Failure(ExitStatus::tryAgain, text + kProcesses);  // of fork()
    case ENFILE:
    case ENOMEM:
    case ENOBUFS: return Failure(ExitStatus::tryAgain, text);
    default: return Failure(ExitStatus::internal, text);
  }
}

}  // namespace interimap
