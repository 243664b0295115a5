// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/run/change_command.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iterator>

#include "launch/run/captured_stderr.h"

using namespace interimap;

namespace {

std::string contents(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("on-change: runs if something was done, and knows what") {
  const std::string path = "/tmp/interimap-change." + std::to_string(getpid());
  // But for what these tests are told themselves.
  const std::string command =
      "env | grep -E '^(INTER|PULL)IMAP_' | grep -vE '^INTERIMAP_(BIN|TORTURE|KILLS|CUTS|PULL_SOAK)=' | sort "
      ">" +
      path;
  ProgressLine nowhere(-1);
  CapturedStderr captured;
  Log log({.prefix = ""}, nowhere);
  Signals signals({}, kPassedOn);
  const ChangeCommand change(command, "INTERIMAP_ACCOUNT=a b'c");
  CHECK_FALSE(change.tell(Synchronised{.failed = 1, .mailboxes = 2, .held = 3}, log, signals));
  CHECK(contents(path) == "");
  CHECK_FALSE(change.tell(Synchronised{.copiedToLocal = 1,
                                       .copiedToRemote = 2,
                                       .flagsUpdated = 3,
                                       .expunged = 4,
                                       .failed = 5,
                                       .octetsToLocal = 6,
                                       .octetsToRemote = 7,
                                       .held = 8},
                          log, signals));
  CHECK(contents(path) ==
        "INTERIMAP_ACCOUNT=a b'c\nINTERIMAP_COPIED_TO_LOCAL=1\nINTERIMAP_COPIED_TO_REMOTE=2\n"
        "INTERIMAP_EXPUNGED=4\nINTERIMAP_FAILED=5\nINTERIMAP_FLAGS_UPDATED=3\nINTERIMAP_HELD=8\n"
        "INTERIMAP_OCTETS=13\n");
  CHECK_FALSE(ChangeCommand(command, "PULLIMAP_SECTION=work")
                  .tell(Pulled{.delivered = 1, .deferred = 2, .octets = 3}, log, signals));
  CHECK(contents(path) ==
        "PULLIMAP_DEFERRED=2\nPULLIMAP_DELIVERED=1\nPULLIMAP_OCTETS=3\nPULLIMAP_PURGED=0\n"
        "PULLIMAP_REFUSED=0\nPULLIMAP_SECTION=work\nPULLIMAP_UNKNOWN=0\n");
  CHECK(captured.text() == "");
  std::remove(path.c_str());
}

TEST_CASE("on-change: one that fails, or does not end, is a warning, and ends when the user asks for it") {
  ProgressLine nowhere(-1);
  Signals signals({}, kPassedOn);
  const Synchronised done{.expunged = 1};
  {
    CapturedStderr captured;
    Log log({.prefix = ""}, nowhere);
    CHECK_FALSE(ChangeCommand("exit 3", "").tell(done, log, signals));
    CHECK_FALSE(ChangeCommand("sleep 60", "", std::chrono::milliseconds(100)).tell(done, log, signals));
    CHECK(captured.text() ==
          "WARNING: on-change ended with exit status 3\nWARNING: on-change did not end within 0 s\n");
  }
  Log log({.prefix = ""}, nowhere);
  kill(getpid(), kPassedOn.terminate);
  CHECK(ChangeCommand("sleep 60", "").tell(done, log, signals) == Asked::terminate);
}
