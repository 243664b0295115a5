// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/run/signals.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

using namespace interimap;

TEST_CASE("signals: what they ask for") {
  sigset_t before;
  sigprocmask(SIG_SETMASK, nullptr, &before);
  int hangUps = 0;
  {
    Signals signals([&] { ++hangUps; });
    CHECK_FALSE(signals.next());
    for (int each : {SIGTERM, SIGINT, SIGCHLD}) {
      CAPTURE(each);
      kill(getpid(), each);
      kill(getpid(), SIGHUP);
      CHECK(signals.next() == (each == SIGTERM  ? Asked::terminate
                               : each == SIGINT ? Asked::interrupt
                                                : Asked::nothing));
      CHECK_FALSE(signals.next());
    }
    CHECK(hangUps == 3);
    CHECK_FALSE(signals.takeLook());
    kill(getpid(), SIGUSR1);
    CHECK(signals.next() == Asked::nothing);
    CHECK(signals.takeLook());
    CHECK_FALSE(signals.takeLook());
    sigset_t blocked;
    sigprocmask(SIG_SETMASK, &before, &blocked);
    CHECK(sigismember(&blocked, SIGHUP) == 1);
  }
  Signals without;
  sigset_t blocked;
  sigprocmask(SIG_SETMASK, &before, &blocked);
  CHECK(sigismember(&blocked, SIGTERM) == 1);
  CHECK(sigismember(&blocked, SIGHUP) == 0);
}

TEST_CASE("signals: of a process that they are passed on to") {
  sigset_t before;
  sigprocmask(SIG_SETMASK, nullptr, &before);
  {
    Signals signals({}, kPassedOn);
    kill(getpid(), SIGTERM);
    kill(getpid(), SIGINT);
    CHECK_FALSE(signals.next());
    kill(getpid(), kPassedOn.terminate);
    CHECK(signals.next() == Asked::terminate);
    kill(getpid(), kPassedOn.interrupt);
    CHECK(signals.next() == Asked::interrupt);
    CHECK_FALSE(signals.next());
  }
  signal(SIGTERM, SIG_DFL);
  signal(SIGINT, SIG_DFL);
  sigprocmask(SIG_SETMASK, &before, nullptr);
}
