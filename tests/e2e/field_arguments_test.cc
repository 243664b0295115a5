// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// MAILBOX arguments that no mailbox answers to, and how they are spelled.
#include "tests/e2e/bed.h"
#include "tests/e2e/scripted.h"

using namespace interimap::bed;
using interimap::ExitStatus;

TEST_CASE("field 32: an argument that no mailbox answers to is reported, with the nearest name") {
  NOT_THE_REFERENCE();
  Scripted bed;
  for (const char* name : {"INBOX", "Work", "Archive/2025"}) Scripted::add(bed.local, name, 1, name[0]);
  struct {
    std::vector<std::string> arguments;
    const char* says;
  } table[] = {
      {{"status"}, "WARNING: No mailbox is called status on either server."},
      {{"wrok"}, "WARNING: No mailbox is called wrok. Did you mean Work?"},
      {{"2025"}, "Did you mean Archive/2025?"},
      {{"Work", "Wok"}, "No mailbox is called Wok. Did you mean Work?"},
      {{"Archiv/*"}, "No mailbox is called Archiv/*"},
      {{"--quiet", "wrok"}, "Did you mean Work?"},
      {{"--dry-run", "wrok"}, "Did you mean Work?"},
      {{"--repair", "wrok"}, "Did you mean Work?"},
      {{"--adopt", "wrok"}, "Did you mean Work?"},
      {{"--delete", "wrok"}, "Did you mean Work?"},
      {{"--target=database", "--delete", "wrok"}, "Did you mean Work?"},
      {{"--dry-run", "--delete", "wrok"}, "Did you mean Work?"},
      {{"--rename", "wrok", "other"}, "Did you mean Work?"},
      {{"--target=remote", "--rename", "wrok", "other"}, "Did you mean Work?"},
  };
  for (bool first : {true, false}) {
    CAPTURE(first);
    for (const auto& row : table) {
      CAPTURE(row.says);
      Run run = bed.program.run(row.arguments);
      checkStatus(run, ExitStatus::data);
      INFO(run.log());
      CHECK(run.says(row.says));
    }
    requireDone(bed.program.run());
    checkEqual(bed.here(), bed.there());
  }
  for (const char* pattern : {"Work", "work*", "inbox", "Archive/%", "*"}) {
    CAPTURE(pattern);
    if (pattern == std::string("work*")) continue;  // case counts
    requireDone(bed.program.run({pattern}));
  }
}

TEST_CASE("field 35: a mailbox on the command line is the same one on a server with another delimiter") {
  NOT_THE_REFERENCE();
  Scripted bed({.delimiter = '/'}, {.delimiter = '.'});
  Scripted::add(bed.local, "a/b", 2, 1);
  Scripted::add(bed.local, "a/b.c", 2, 2);
  Scripted::add(bed.remote, "a.b.c", 2, 3);
  Run run = bed.program.run({"--debug", "a/b.c"});
  INFO(run.log());
  for (const std::string& command : run.commands("remote")) {
    CAPTURE(command);
    CHECK(command.find("a.b.c") == command.npos);
  }
  CHECK(run.exitStatus == static_cast<int>(ExitStatus::data));
  CHECK(run.says("hierarchy delimiter"));
  run = bed.program.run({"--debug", "a/b"});
  requireDone(run);
  CHECK(bed.there().mailboxes.at("a/b").messages.size() == 2);
  bed.remote.access([](auto& boxes) { CHECK(boxes["a.b.c"].messages.size() == 2); });
}
