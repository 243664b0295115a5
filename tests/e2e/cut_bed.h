// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A saved bed with a relay in front of one of its servers.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/e2e/relay.h"
#include "tests/e2e/saved_bed.h"
#include "tests/e2e/workers.h"

namespace interimap::bed {

// In how many ways things are to go wrong: all of them, or as many as there is time for in every check.
inline bool isTorture() { return getenv("INTERIMAP_TORTURE") != nullptr; }

struct CutBed : SavedBed {
  explicit CutBed(DovecotOptions localOptions = {},
                  DovecotOptions remoteOptions = {.mailLocation = "sdbox:~/sdbox"})
      : SavedBed(std::move(localOptions), std::move(remoteOptions)) {}

  // Mail on both sides, and nothing synchronised yet; saved as "first".
  void prepareFirst(Corpus& corpus, std::size_t each = 12) {
    {
      ImapClient one = alice(), another = bob();
      fill(one, corpus, {"INBOX", "a"}, each);
      fill(another, corpus, {"INBOX", "b"}, each);
    }
    save("first");
  }
  // That done, and changes on both sides; saved as "later".
  void prepareLater(Corpus& corpus, unsigned each = 12) {
    requireDone(program.run({}));
    edit(alice(), corpus, 1);
    edit(bob(), corpus, each + 1);
    save("later");
  }
  // How it ends from the state that was saved under this name; which is left restored.
  Snapshot undisturbed(const std::string& name) {
    restore(name);
    requireDone(program.run({}));
    Snapshot expected = here();
    checkEqual(expected, there());
    restore(name);
    return expected;
  }

  // The program with its server of this side at another port: its account there is the same.
  Interimap through(bool atLocal, std::uint16_t port) const {
    return Interimap(program.directory(), cleartext(atLocal ? port : local.imap(), "alice"),
                     cleartext(atLocal ? remote.imap() : port, "bob"));
  }
  Interimap through(bool atLocal, const Relay& relay) const { return through(atLocal, relay.port()); }
  std::uint16_t port(bool atLocal) const { return atLocal ? local.imap() : remote.imap(); }

  // After a disturbed run of `group`: nobody is left, it said what happened, and the next run ends well. A
  // disturbance may have come too late to be noticed.
  void checkFailedWell(const Run& run, pid_t group, bool atLocal, const Snapshot& expected) {
    INFO("the disturbed run:\n", run.log());
    CHECK_FALSE(run.timedOut);
    CHECK(processesOf(group) == "");
    if (run.exitStatus != 0) {
      CHECK(run.exitStatus == static_cast<int>(ExitStatus::unavailable));
      CHECK(run.says(atLocal ? "local: ERROR: " : "remote: ERROR: "));
    }
    through(atLocal, port(atLocal));
    checkConverges(expected);
  }

  static Run runNoticed(const Interimap& it, pid_t& group, std::vector<std::string> arguments = {"--debug"}) {
    Command command = it.command(programPath(), std::move(arguments));
    command.started = [&](pid_t pid) { group = pid; };
    return Run{bed::run(command)};
  }
};

}  // namespace interimap::bed
