// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A bed that can be put back into the state in which it was saved: for tests that disturb the same run at one
// point after the other.
#pragma once

#include <string>
#include <utility>

#include "tests/e2e/bed.h"

namespace interimap::bed {

struct SavedBed : Bed {
  explicit SavedBed(DovecotOptions localOptions = {}, DovecotOptions remoteOptions = {})
      : Bed(std::move(localOptions), std::move(remoteOptions)) {}

  // Two accounts and a database, kept as directories beside those in use, so that going back is a copy.
  void save(const std::string& name = "saved") {
    free();
    fs::path saved = directory.path() / name;
    makeDirectory(saved);
    copyTree(local.home("alice"), saved / "alice");
    copyTree(remote.home("bob"), saved / "bob");
    copyTree(program.directory() / "data", saved / "data");
  }

  void restore(const std::string& name = "saved") {
    free();
    fs::path saved = directory.path() / name;
    for (const auto& [from, to] :
         {std::pair(saved / "alice", local.home("alice")), std::pair(saved / "bob", remote.home("bob")),
          std::pair(saved / "data", program.directory() / "data")}) {
      fs::remove_all(to);
      copyTree(from, to);
    }
  }

  // At once: what the dead run sent may still be on its way.
  void checkConverges(const Snapshot& expected) {
    requireDone(program.run());
    Snapshot hereNow = here(), thereNow = there();
    checkEqual(hereNow, thereNow);
    CHECK(difference(expected, hereNow) == "");
    checkNothingToDo(program);
  }

 private:
  // Nobody writes to the directories that are copied.
  void free() const {
    local.waitUntilIdle();
    remote.waitUntilIdle();
  }
};

// Flags, expunges and new mail. On both sides at once, some flags conflict, and one message is expunged here
// and flagged there.
inline void edit(ImapClient c, Corpus& corpus, unsigned firstUid) {
  auto uid = [=](unsigned i) { return std::to_string(firstUid + i); };
  for (const char* mailbox : {"INBOX", "a"}) {
    c.append(mailbox, corpus.smallMessages(3));
    c.select(mailbox);
    c.store(uid(0), "+FLAGS (\\Flagged later)");
    c.store(uid(1), "FLAGS (\\Answered)");
    c.expunge(uid(2) + "," + uid(3));
  }
}

}  // namespace interimap::bed
