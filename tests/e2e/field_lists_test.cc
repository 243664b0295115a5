// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Lists of mailboxes that are not what they seem: lines that cannot be read, names that a server takes for
// others.
#include <atomic>
#include <memory>

#include "tests/e2e/scripted.h"

using namespace interimap::bed;
using interimap::ExitStatus;

namespace {

// Puts `line` in the place of the line of LIST that names `mailbox`, as long as `on`.
struct Garbled {
  std::string mailbox, line;
  std::shared_ptr<std::atomic<bool>> on = std::make_shared<std::atomic<bool>>(false);

  FakeOptions options() const {
    FakeOptions options;
    options.rewrite = [*this](const std::string& response) {
      bool hit = *on && response.starts_with("* LIST ") && response.ends_with(" \"" + mailbox + "\"\r\n");
      return hit ? line + "\r\n" : response;
    };
    return options;
  }
};

}  // namespace

TEST_CASE("field 16: a list with a line that cannot be read is not a complete one") {
  NOT_THE_REFERENCE();
  enum What { Known, New, Gone };  // on both sides, and gone from the other one
  for (const char* line : {"* LIST () \"\"\" b", "* LIST () \"/\"", "* LIST (\\HasNoChildren \"/\" b",
                           "* LIST () \"//\" b", "* LIST () / b", "* LIST", "* LIST () \"/\" \"b"})
    for (What what : {Known, New, Gone}) {
      CAPTURE(what);
      CAPTURE(line);
      Garbled garbled{"b", line};
      Scripted bed({}, garbled.options());
      for (const char* name : {"INBOX", "b", "c"}) Scripted::add(bed.local, name, 2, name[0]);
      if (what != New) requireDone(bed.program.run());
      *garbled.on = true;
      if (what == Known) Scripted::add(bed.local, "b", 1, 77);
      if (what == New) Scripted::add(bed.remote, "b", 1, 78);
      if (what == New) Scripted::add(bed.remote, "c", 0, 0);
      if (what == Gone) bed.local.access([](auto& boxes) { boxes.erase("b"); });
      Scripted::add(bed.local, "c", 1, 79);
      Run run = bed.program.run();
      INFO(run.log());
      CHECK(run.exitStatus != 0);
      CHECK(run.says("remote: ERROR: LIST: a line of it could not be read"));
      CHECK_FALSE(run.sent("CREATE b"));
      CHECK_FALSE(run.sent("RENAME"));
      CHECK_FALSE(run.says("--delete"));
      std::size_t copied = 0;
      bed.remote.access([&](auto& boxes) { copied = boxes["c"].messages.size(); });
      CHECK(copied == 3);  // all else goes on
      for (std::vector<std::string> command :
           {std::vector<std::string>{"--delete", "b"}, {"--rename", "b", "d"}, {"--rename", "c", "b"}}) {
        Run commanded = bed.program.run(command);
        INFO(commanded.log());
        CHECK(commanded.exitStatus != 0);
        CHECK_FALSE(commanded.sent("DELETE"));
        CHECK_FALSE(commanded.sent("RENAME"));
      }
      Run dry = bed.program.run({"--debug", "--dry-run"});
      CHECK(dry.exitStatus != 0);
      CHECK_FALSE(dry.says("Would create"));
      *garbled.on = false;
    }
}
