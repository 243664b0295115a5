// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// pullimap between an IMAP server and a sink of which one attacks, and what must hold all the same.
#pragma once

#include "tests/e2e/hostile_bed.h"
#include "tests/e2e/pull_scripted.h"

namespace interimap::bed {

// The pullimap that is run, to its end or in the background.
inline std::string pullimapPath() { return fs::path(programPath()).parent_path() / "pullimap"; }

struct HostilePull : PullScripted {
  explicit HostilePull(SinkOptions sinkOptions = {}, FakeOptions serverOptions = {},
                       std::vector<std::string> options = {}, std::size_t count = 3)
      : PullScripted(std::move(sinkOptions), std::move(serverOptions), std::move(options)), mailCount(count) {
    add(mails("m", count));
  }

  Run attacked(std::vector<std::string> arguments = {"work"}) {
    Run run = watched(program.command(pullimapPath(), std::move(arguments)));
    logs += run.log();
    checkNothingLost();
    return run;
  }

  // What is on the server stays there, and what is marked as seen was taken over.
  void checkNothingLost() {
    std::size_t there = 0, seen = 0, deleted = 0;
    server.access([&](auto& mailboxes) {
      for (const FakeMessage& message : mailboxes["INBOX"].messages) {
        ++there;
        seen += message.flags.contains("\\Seen");
        deleted += message.flags.contains("\\Deleted");
      }
    });
    CHECK(there == mailCount);
    CHECK(deleted == 0);
    CHECK(seen <= arrived().size());
  }

  std::set<std::string> arrived() const {
    std::set<std::string> subjects;
    for (const SinkMessage& message : sink.messages()) subjects.insert(headerField(message.text, "Subject"));
    return subjects;
  }

  // Everything comes, and what comes twice was in doubt and named as such.
  void checkRecovers() {
    server.forget();
    sink.forget();
    Run again = program.run({"--debug", "--retry-refused", "work"});
    INFO("the next run:\n", again.log());
    CHECK(again.exitStatus == 0);
    CHECK(arrived().size() == mailCount);
    CHECK(duplicates(sink.messages()).size() <= uidsOf(logs + again.log(), kInDoubt).size());
  }

  const std::size_t mailCount;
  std::string logs;
};

}  // namespace interimap::bed
