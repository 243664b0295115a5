// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/run/signals.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "ipc/failure.h"

namespace interimap {

void block(SignalNumbers numbers) {
  sigset_t both;
  sigemptyset(&both);
  sigaddset(&both, numbers.terminate);
  sigaddset(&both, numbers.interrupt);
  sigprocmask(SIG_BLOCK, &both, nullptr);
}

Signals::Signals(std::function<void()> hangUp, SignalNumbers numbers)
    : hangUp_(std::move(hangUp)), numbers_(numbers) {
  sigset_t caught;
  sigemptyset(&caught);
  for (int each : {SIGTERM, SIGINT})
    if (each != numbers.terminate && each != numbers.interrupt) signal(each, SIG_IGN);
  for (int each : {numbers.terminate, numbers.interrupt, SIGUSR1, SIGCHLD, SIGHUP}) {
    if (each == SIGHUP && !hangUp_) continue;
    sigaddset(&caught, each);
    signal(each, SIG_DFL);  // what is ignored would not be caught: a shell's "command &" ignores SIGINT
  }
  signal(SIGPIPE, SIG_IGN);
  sigprocmask(SIG_BLOCK, &caught, nullptr);
  fd_ = Descriptor(signalfd(-1, &caught, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd_) throw Failure(ExitStatus::internal, "signalfd");
}

std::optional<Asked> Signals::next() {
  signalfd_siginfo each;
  while (read(fd_.get(), &each, sizeof each) == sizeof each) {
    int number = static_cast<int>(each.ssi_signo);
    if (number == numbers_.terminate) return Asked::terminate;
    if (number == numbers_.interrupt) return Asked::interrupt;
    if (number == SIGUSR1) looks_ = true;
    if (number == SIGCHLD || number == SIGUSR1) return Asked::nothing;
    hangUp_();
  }
  return std::nullopt;
}

}  // namespace interimap
