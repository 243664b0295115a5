// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What most end-to-end tests need: two servers, and the program between user alice of the one and bob of the
// other.
#pragma once

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

#include "ipc/exit_status.h"
#include "tests/e2e/certificate.h"
#include "tests/e2e/corpus.h"
#include "tests/e2e/directory.h"
#include "tests/e2e/dovecot.h"
#include "tests/e2e/imap_client.h"
#include "tests/e2e/interimap.h"
#include "tests/e2e/snapshot.h"

namespace interimap::bed {

struct Bed {
  explicit Bed(DovecotOptions localOptions = {}, DovecotOptions remoteOptions = {},
               std::vector<std::string> options = {})
      : local(directory / "local", std::move(localOptions)),
        remote(directory / "remote", std::move(remoteOptions)),
        program(directory / "program", cleartext(local.imap(), "alice"), cleartext(remote.imap(), "bob"),
                std::move(options)) {}

  ImapClient alice() const { return local.client("alice"); }
  ImapClient bob() const { return remote.client("bob"); }
  Snapshot here() const { return Snapshot::of(alice()); }
  Snapshot there() const { return Snapshot::of(bob()); }

  Directory directory;
  Dovecot local, remote;
  Interimap program;
};

// For what the Perl program is known not to do.
#define NOT_THE_REFERENCE()                                  \
  if (interimap::bed::isReference()) {                       \
    MESSAGE("skipped: not a behaviour of the Perl program"); \
    return;                                                  \
  }                                                          \
  static_assert(true)

inline void checkStatus(const Run& run, ExitStatus expected) {
  INFO(run.log());
  if (isReference()) {
    CHECK(run.exitStatus != 0);
  } else {
    CHECK(run.exitStatus == static_cast<int>(expected));
  }
}

inline void requireDone(const Run& run) {
  INFO(run.log());
  REQUIRE(run.exitStatus == 0);
}

inline void checkEqual(const Snapshot& here, const Snapshot& there) {
  CHECK(difference(here, there) == "");
  CHECK(here.duplicates().empty());
  CHECK(there.duplicates().empty());
}

inline void checkNothingToDo(const Interimap& program) {
  Run run = program.run();
  requireDone(run);
  INFO(run.log());
  CHECK(run.changes() == "");
}

// A run that leaves both sides equal, and a second one that finds nothing to do.
inline void synchronise(const Bed& bed) {
  requireDone(bed.program.run());
  checkEqual(bed.here(), bed.there());
  checkNothingToDo(bed.program);
}

// Some mailboxes with some messages, made by an ordinary client.
inline void fill(ImapClient& client, Corpus& corpus, const std::vector<std::string>& mailboxes,
                 std::size_t messagesEach) {
  for (const std::string& mailbox : mailboxes) {
    if (mailbox != "INBOX") client.create(mailbox);
    client.append(mailbox, corpus.smallMessages(messagesEach));
  }
}

}  // namespace interimap::bed
