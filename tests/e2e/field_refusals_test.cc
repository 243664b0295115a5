// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A server that refuses a command is there, and speaks IMAP: neither 69 nor 76.
#include "tests/e2e/scripted.h"

using namespace interimap;
using namespace interimap::bed;

TEST_CASE("field 31: NO or BAD to any command ends with 75 or 65") {
  NOT_THE_REFERENCE();
  struct {
    const char* command;
    std::vector<std::string> arguments;
  } table[] = {{"LIST .*", {}},          {"LIST \"\" \"\".*", {"INBOX"}},
               {"SELECT .*", {}},        {"UID FETCH .*", {}},
               {"APPEND .*", {}},        {"UID STORE .*", {}},
               {"(UID )?EXPUNGE.*", {}}, {"CREATE .*", {}}};
  for (const char* refusal : {"{tag} NO not now\r\n", "{tag} BAD what?\r\n"})
    for (const auto& row : table) {
      CAPTURE(std::string(refusal));
      CAPTURE(std::string(row.command));
      Scripted bed;
      Scripted::add(bed.local, "INBOX", 5, 1);
      requireDone(bed.program.run());
      Scripted::add(bed.local, "INBOX", 2, 2);
      Scripted::add(bed.local, "new", 1, 3);
      {
        ImapClient alice = bed.alice();
        alice.select("INBOX");
        alice.store("1", "+FLAGS (\\Flagged)");
        alice.expunge("2");
      }
      bed.remote.on(row.command, 0, {.octets = refusal});
      std::vector<std::string> arguments = row.arguments;
      arguments.push_back("--debug");
      Run run = bed.program.run(arguments);
      INFO(run.log());
      CHECK((run.exitStatus == 75 || run.exitStatus == 65));
      bed.remote.forget();
      bed.checkRecovers();
    }
}
