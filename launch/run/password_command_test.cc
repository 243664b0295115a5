// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/run/password_command.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "ipc/failure.h"
#include "launch/config/password.h"

using namespace interimap;
using namespace std::chrono_literals;

namespace {

// Signals that are as they were when this is gone.
struct Fixture {
  sigset_t before;
  Signals signals;
  Fixture() : before(mask()) {}
  ~Fixture() { sigprocmask(SIG_SETMASK, &before, nullptr); }
  static sigset_t mask() {
    sigset_t now;
    sigprocmask(SIG_SETMASK, nullptr, &now);
    return now;
  }

  std::string told(const std::string& command, std::chrono::milliseconds time = 10s) {
    try {
      auto result = passwordFromCommand(command, "c", signals, time);
      if (auto asked = std::get_if<Asked>(&result))
        return *asked == Asked::terminate ? "terminate" : "interrupt";
      return "\"" + std::string(std::get<Secret>(result).reveal()) + "\"";
    } catch (const Failure& failed) {
      CHECK(failed.status == ExitStatus::noPermission);
      return failed.what();
    }
  }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "password-command: what it tells") {
  struct {
    const char *command, *told;
  } table[] = {
      {"echo sekrit", "\"sekrit\""},
      {"printf 'caf\\351 ; #\\nlogin: alice\\n'", "\"caf\xE9 ; #\""},
      {"printf sekrit | cat", "\"sekrit\""},
      {"echo sekrit; yes | head -c 200000", "\"sekrit\""},  // more than a pipe holds
      {"echo sekrit; exec 1>&-; sleep 0.1", "\"sekrit\""},
      {"echo sekrit; sleep 3 2>/dev/null & ", "\"sekrit\""},  // an agent that stays
      {"cat; echo sekrit", "\"sekrit\""},                     // nothing to read
      {"exit 3", "c ended with exit status 3"},
      {"echo sekrit; exit 1", "c ended with exit status 1"},
      {"exec /nonexistent 2>/dev/null", "c ended with exit status 127"},
      {"kill -KILL $$", "c was killed by signal SIGKILL"},
      {"true", "c: no password in its first line"},
      {"echo; echo sekrit", "c: no password in its first line"},
      {"printf 'a\\000b'", "c: a password cannot hold NUL or CR"},
      {"head -c 20000 /dev/zero | tr '\\000' x", "c: longer than a password can be"},
  };
  for (const auto& row : table) {
    CAPTURE(row.command);
    CHECK(told(row.command) == row.told);
  }
}

TEST_CASE_FIXTURE(Fixture, "password-command: it takes too long") {
  auto began = std::chrono::steady_clock::now();
  CHECK(told("exec sleep 20", 1s) == "c told no password within 1 s");
  CHECK(told("trap '' TERM; sleep 3; sleep 1", 100ms) == "c told no password within 0 s");
  CHECK(std::chrono::steady_clock::now() - began < 10s);
}

TEST_CASE_FIXTURE(Fixture, "password-command: the user loses patience") {
  kill(getpid(), SIGCHLD);
  CHECK(told("kill -TERM $PPID; exec sleep 20") == "terminate");
  CHECK(told("kill -INT $PPID; exec sleep 20") == "interrupt");
}

TEST_CASE_FIXTURE(Fixture, "password-command: signals have their usual effect on it") {
  CHECK(told("kill -TERM $$; echo sekrit") == "c was killed by signal SIGTERM");
}
