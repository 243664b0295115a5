// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/run/worker.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/syscall.h>

using namespace interimap;

namespace {

constexpr int exited(int status) { return status << 8; }  // as wait(2) packs it

}  // namespace

TEST_CASE("what there is to say of a worker's death") {
  struct {
    Death death;
    std::optional<std::string> text;
  } table[] = {
      {{.said = ExitStatus::ok, .waitStatus = exited(0)}, {}},
      {{.said = ExitStatus::protocol, .waitStatus = exited(76)}, {}},
      {{.waitStatus = exited(69)}, {}},  // quiet: its peer was gone
      {{.waitStatus = exited(0)}, {}},
      {{.waitStatus = exited(70)}, "ended without saying why, exit status 70"},
      {{.waitStatus = exited(127)}, "cannot be started"},
      {{.waitStatus = SIGSEGV}, "killed by signal SIGSEGV"},
      {{.said = ExitStatus::ok, .waitStatus = SIGABRT}, "killed by signal SIGABRT"},
      {{.waitStatus = SIGSYS}, "killed by its sandbox"},
      {{.waitStatus = SIGSYS, .systemCall = SYS_openat}, "killed by its sandbox: system call openat"},
      {{.waitStatus = SIGKILL, .systemCall = SYS_openat}, "killed by signal SIGKILL"},
      {{.waitStatus = SIGKILL, .killed = true}, {}},
  };
  for (const auto& row : table) {
    CAPTURE(row.death.waitStatus);
    CHECK(causeOfDeath(row.death) == row.text);
  }
}
