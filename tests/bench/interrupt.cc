// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/bench/interrupt.h"

#include <signal.h>

#include <atomic>

namespace interimap::bench {
namespace {

std::atomic<bool> interrupted = false;
std::atomic<pid_t> running = 0;  // the group of the contender; 0: none runs
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<pid_t>::is_always_lock_free);

void interrupt(int) {
  interrupted = true;
  if (pid_t group = running; group > 0) kill(-group, SIGKILL);
}

}  // namespace

void catchInterrupts() {
  struct sigaction action {};
  action.sa_handler = interrupt;
  for (int number : {SIGINT, SIGTERM, SIGHUP}) sigaction(number, &action, nullptr);
}

void throwIfInterrupted() {
  if (interrupted) throw Interrupted();
}

bed::Outcome runInterruptibly(bed::Command command) {
  throwIfInterrupted();
  auto started = std::move(command.started);
  command.started = [&](pid_t group) {
    running = group;
    if (interrupted) kill(-group, SIGKILL);
    if (started) started(group);
  };
  bed::Outcome outcome = bed::run(command);
  running = 0;
  throwIfInterrupted();
  return outcome;
}

}  // namespace interimap::bench
