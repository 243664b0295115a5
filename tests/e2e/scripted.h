// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The program between two scripted servers: a mailbox is a data structure, an answer is what the test says.
#pragma once

#include "tests/e2e/bed.h"
#include "tests/e2e/fake_server.h"

namespace interimap::bed {

struct Scripted {
  explicit Scripted(FakeOptions localOptions = {}, FakeOptions remoteOptions = {},
                    std::vector<std::string> options = {})
      : local(as("alice", std::move(localOptions))),
        remote(as("bob", std::move(remoteOptions))),
        program(directory / "program", cleartext(local.port(), "alice"), cleartext(remote.port(), "bob"),
                std::move(options)) {}

  static FakeOptions as(const std::string& user, FakeOptions options) {
    options.user = user;
    return options;
  }

  ImapClient alice() const { return ImapClient(local.port(), "alice", "sekrit"); }
  ImapClient bob() const { return ImapClient(remote.port(), "bob", "sekrit"); }
  Snapshot here() const { return Snapshot::of(alice()); }
  Snapshot there() const { return Snapshot::of(bob()); }

  // Small messages without flags; the mailbox is made if there is none.
  static void add(FakeServer& server, const std::string& mailbox, std::size_t count, std::uint64_t seed) {
    Corpus corpus(seed);
    server.access([&](auto& mailboxes) {
      auto [box, isNew] = mailboxes.try_emplace(mailbox);
      if (isNew) box->second.uidValidity = static_cast<std::uint32_t>(1'700'000'000 + mailboxes.size());
      for (const Message& m : corpus.smallMessages(count)) box->second.add(m.text, {}, m.internalDate);
    });
  }

  // Once whatever was wrong is over, everything arrives, once.
  void checkRecovers() const {
    requireDone(program.run());
    checkEqual(here(), there());
    checkNothingToDo(program);
  }

  Directory directory;
  FakeServer local, remote;
  Interimap program;
};

}  // namespace interimap::bed
