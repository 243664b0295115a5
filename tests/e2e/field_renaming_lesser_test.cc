// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Mailboxes that get other names while their old ones are given to others, on servers that have little to
// tell them apart by.
#include "tests/e2e/bed.h"
#include "tests/e2e/lesser_server.h"
#include "tests/e2e/scripted.h"

using namespace interimap::bed;
using interimap::ExitStatus;

namespace {

struct Kind {
  const char* name;
  LesserOptions options;
};

std::vector<Kind> kinds() {
  return {{"all but OBJECTID", LesserOptions::full().hide("OBJECTID")},
          {"gmail", LesserOptions::gmail("")},
          {"exchange", LesserOptions::exchange()},
          {"bare", LesserOptions::bare()}};
}

struct Renamed {
  const char* what;
  std::vector<std::string> commands;
};
const Renamed kRenamed[] = {
    {"taken again", {"RENAME list list-2025", "CREATE list"}},
    {"swapped", {"RENAME list t", "RENAME other list", "RENAME t other"}},
    {"passed on", {"RENAME third fourth", "RENAME other third", "RENAME list other", "CREATE list"}},
};

}  // namespace

TEST_CASE("field 20: names that are taken again, swapped or passed on, on lesser servers") {
  NOT_THE_REFERENCE();
  for (const Kind& kind : kinds())
    for (const Renamed& row : kRenamed) {
      CAPTURE(kind.name);
      CAPTURE(row.what);
      Directory directory;
      Dovecot local(directory / "local"), remote(directory / "remote");
      LesserServer lesser(remote.imap(), kind.options);
      Interimap program(directory / "program", cleartext(local.imap(), "alice"),
                        cleartext(lesser.port(), "bob"));
      Corpus corpus(7);
      ImapClient first = local.client("alice");
      for (const char* name : {"list", "other", "third"}) {
        first.create(name);
        std::vector<Message> messages = corpus.smallMessages(5);
        for (Message& message : messages) message.flags.clear();
        first.append(name, messages);
      }
      requireDone(program.run());
      ImapClient bob = remote.client("bob");
      for (const std::string& command : row.commands) bob.command(command);
      std::vector<Message> fresh = Corpus(99).smallMessages(1);
      fresh[0].flags.clear();
      bob.append("list", fresh);
      Snapshot before = Snapshot::of(remote.client("bob"));
      Run run = program.run();
      requireDone(run);
      INFO(run.log());
      checkEqual(Snapshot::of(local.client("alice")), Snapshot::of(remote.client("bob")));
      CHECK(difference(before, Snapshot::of(remote.client("bob"))) == "");
      checkNothingToDo(program);
    }
}

// As many servers have it that count seconds, or that give all mailboxes the same.
TEST_CASE("field 20: a name that is taken again where all mailboxes have one UIDVALIDITY") {
  NOT_THE_REFERENCE();
  for (bool onLocal : {true, false}) {
    CAPTURE(onLocal);
    Scripted bed;
    for (FakeServer* server : {&bed.local, &bed.remote}) {
      for (const char* name : {"INBOX", "other", "list"}) Scripted::add(*server, name, 0, 1);
      server->access([](auto& boxes) {
        for (auto& [name, box] : boxes) box.uidValidity = 7;
      });
    }
    Scripted::add(bed.local, "list", 5, 3);
    Scripted::add(bed.remote, "other", 3, 4);
    requireDone(bed.program.run());
    FakeServer& server = onLocal ? bed.local : bed.remote;
    server.access([](auto& boxes) {
      boxes["list-2025"] = boxes["list"];
      boxes["list"] = {};
      boxes["list"].uidValidity = 7;
    });
    Scripted::add(server, "list", 1, 5);
    Snapshot before = onLocal ? bed.here() : bed.there();
    Run run = bed.program.run();
    requireDone(run);
    INFO(run.log());
    CHECK(run.sent("RENAME list list-2025"));
    checkEqual(bed.here(), bed.there());
    CHECK(difference(before, onLocal ? bed.here() : bed.there()) == "");
    checkNothingToDo(bed.program);
  }
}
