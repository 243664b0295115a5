// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Responses that cannot be read, of a server that mixes up those to several commands at once.
#include <atomic>

#include "tests/e2e/scripted.h"

using namespace interimap::bed;
using interimap::ExitStatus;

TEST_CASE("field 12: what another's response has spoiled is repeated alone, within the same run") {
  NOT_THE_REFERENCE();
  for (const char* line : {"* 1 FETCH (FLAGS (\r\n", "* 1 FETCH (UID x)\r\n", "* VANISHED 1:x\r\n"}) {
    CAPTURE(line);
    Scripted bed({}, {.beforeSelect = line});
    for (const char* name : {"INBOX", "a", "b", "c", "d"}) {
      Scripted::add(bed.local, name, 3, static_cast<unsigned char>(name[0]));
      Scripted::add(bed.remote, name, 3, 1000 + static_cast<unsigned char>(name[0]));
    }
    bed.checkRecovers();
    for (FakeServer* server : {&bed.local, &bed.remote})
      for (const char* name : {"a", "b", "c"}) Scripted::add(*server, name, 1, server == &bed.local ? 1 : 2);
    bed.local.access([](auto& boxes) {
      for (const char* name : {"b", "c", "d"}) {
        boxes[name].expunge(1);
        boxes[name].setFlags(boxes[name].messages.back(), {"\\Flagged"});
      }
    });
    bed.checkRecovers();
    CHECK(bed.there().mailboxes.at("d").messages.size() == 5);
  }
}

TEST_CASE("field 12: renamings are followed, whatever a response has spoiled of the comparison") {
  NOT_THE_REFERENCE();
  Scripted bed({}, {.beforeSelect = "* 1 FETCH (FLAGS (\r\n"});
  for (const char* name : {"INBOX", "a", "b", "c"})
    Scripted::add(bed.remote, name, 3, static_cast<unsigned char>(name[0]));
  bed.checkRecovers();
  bed.remote.access([](auto& boxes) {
    for (const std::string name : {"a", "b", "c"}) {
      auto node = boxes.extract(name);
      node.key() = name + "2";
      boxes.insert(std::move(node));
    }
  });
  const Run run = bed.program.run();
  requireDone(run);
  INFO(run.log());
  CHECK_FALSE(run.sent("APPEND"));
  checkEqual(bed.here(), bed.there());
}

TEST_CASE("field 12: what a server lists and does not send is asked for alone, and then by the next run") {
  NOT_THE_REFERENCE();
  std::atomic<int> silent = 0;  // so many times more
  auto keepBack = [&silent](const FakeCommand& command, std::vector<std::string>& responses) {
    if (command.mailbox != "b" || command.text.find("BODY.PEEK[]") == std::string::npos || silent == 0)
      return;
    --silent;
    responses.erase(responses.begin(), responses.end() - 1);
  };
  Scripted bed({}, {.retells = keepBack});
  for (const char* name : {"INBOX", "a", "b", "c"})
    Scripted::add(bed.remote, name, 3, static_cast<unsigned char>(name[0]));
  SUBCASE("once") {
    silent = 1;
    bed.checkRecovers();
  }
  SUBCASE("whenever it is asked") {
    silent = 1000;
    const Run run = bed.program.run();
    checkStatus(run, ExitStatus::tryAgain);
    INFO(run.log());
    CHECK(run.says("is listed, but the server does not send it"));
    CHECK(silent == 998);
    CHECK(bed.here().mailboxes.at("c").messages.size() == 3);
    silent = 0;
    bed.checkRecovers();
  }
}
