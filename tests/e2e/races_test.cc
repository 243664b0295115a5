// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Acceptance scenarios 74, 76, 79, 80 and 82: a server, or somebody at it, does the unexpected in the middle
// of a run.
#include <algorithm>

#include "tests/e2e/oracle.h"
#include "tests/e2e/scripted.h"
#include "tests/e2e/sql.h"

using namespace interimap::bed;
using interimap::ExitStatus;

namespace {

// Five messages without flags on both sides, UIDs 1 to 5.
struct Synchronised : Scripted {
  Synchronised() {
    add(local, "INBOX", 5, 1);
    requireDone(program.run());
    checkEqual(here(), there());
  }

  static std::set<std::string>& flagsOf(FakeMailbox& box, std::uint32_t uid) {
    for (FakeMessage& m : box.messages) {
      if (m.uid == uid) return m.flags;
    }
    throw std::runtime_error("no such message");
  }
  static void change(FakeServer& server, std::uint32_t uid, const std::set<std::string>& flags) {
    server.access([&](auto& mailboxes) { change(mailboxes, uid, flags); });
  }
  static void change(std::map<std::string, FakeMailbox>& mailboxes, std::uint32_t uid,
                     const std::set<std::string>& flags) {
    for (FakeMessage& m : mailboxes["INBOX"].messages) {
      if (m.uid == uid) mailboxes["INBOX"].setFlags(m, flags);
    }
  }
  std::set<std::string> flags(FakeServer& server, std::uint32_t uid) {
    std::set<std::string> result;
    server.access([&](auto& mailboxes) { result = flagsOf(mailboxes["INBOX"], uid); });
    return result;
  }
};

using Set = std::set<std::string>;

}  // namespace

TEST_CASE_FIXTURE(Synchronised, "scenario 74, W3: a flag set while ours is being stored: neither is lost") {
  NOT_THE_REFERENCE();
  change(local, 3, {"\\Seen"});
  remote.on("UID STORE", 1,
            {.alsoAnswer = true, .meanwhile = [](auto& mailboxes) { change(mailboxes, 3, {"work"}); }});
  requireDone(program.run());
  requireDone(program.run());
  CHECK(flags(local, 3) == Set{"\\Seen", "work"});
  CHECK(flags(remote, 3) == Set{"\\Seen", "work"});
  checkNothingToDo(program);
}

TEST_CASE_FIXTURE(Synchronised, "scenario 74, W3: a server that answers MODIFIED, with FETCH or without") {
  NOT_THE_REFERENCE();
  for (bool withFetch : {false, true}) {
    CAPTURE(withFetch);
    change(local, 3, {"\\Seen"});
    remote.forget();
    std::uint64_t modSeq = 0;
    remote.access([&](auto& mailboxes) { modSeq = mailboxes["INBOX"].highestModSeq + 1; });
    std::string fetch = "* 3 FETCH (UID 3 FLAGS (work) MODSEQ (" + std::to_string(modSeq) + "))\r\n";
    remote.on("UID STORE", 1,
              {.octets = (withFetch ? fetch : "") + "{tag} OK [MODIFIED 3] somebody was faster\r\n",
               .meanwhile = [](auto& mailboxes) { change(mailboxes, 3, {"work"}); }});
    for (int runs = 0; runs < 3; ++runs) program.run();
    checkEqual(here(), there());
    CHECK(flags(remote, 3) == Set{"\\Seen", "work"});
    checkNothingToDo(program);
    change(local, 3, {});
    requireDone(program.run());
    CHECK(flags(remote, 3).empty());
  }
}

TEST_CASE_FIXTURE(Synchronised,
                  "scenario 76: an unknown message that vanishes or changes is warned of, or known again") {
  sql(program.database(), "DELETE FROM mapping WHERE lUID IN (2, 4)");
  std::string own =
      isReference() ? "" : sql(program.database(), "DELETE FROM ours_base WHERE lUID IN (2, 4)");
  remote.access([](auto& mailboxes) { mailboxes["INBOX"].expunge(2); });
  change(remote, 4, {"\\Flagged"});
  change(remote, 5, {"\\Seen"});
  Run run = program.run();
  INFO(run.log());
  CHECK(run.says("No match for 1 vanished remote UID(s) 2"));
  if (isReference())
    CHECK(run.says("WARNING: No match for modified remote UID 4. Try '--repair'"));
  else  // there are more messages than are known: all are compared, as by --repair
    CHECK(flags(local, 4) == Set{"\\Flagged"});
  CHECK(flags(local, 5) == Set{"\\Seen"});
  CHECK(here().messages() == 5);  // nothing is expunged for it, and nothing is doubled
}

TEST_CASE("scenario 79: an empty message is warned of and left out, the rest is copied") {
  for (const std::string& program : programs()) {
    CAPTURE(program);
    Scripted bed;
    Scripted::add(bed.remote, "INBOX", 3, 1);
    bed.remote.access([](auto& mailboxes) { mailboxes["INBOX"].messages[1].text = ""; });
    Run run = bed.program.runWith(program);
    requireDone(run);
    INFO(run.log());
    CHECK(run.says("remote(INBOX): WARNING: Ignoring new 0-length message (UID 2)"));
    CHECK(bed.here().messages() == 2);
    CHECK(sql(bed.program.database(), "SELECT rUID FROM mapping ORDER BY 1") == "1\n3\n");
    Scripted::add(bed.remote, "INBOX", 1, 2);
    requireDone(bed.program.runWith(program));
    CHECK(bed.here().messages() == 3);
  }
}

TEST_CASE("scenario 79: a body that is NIL, or shorter than was said") {
  for (const std::string& program : programs()) {
    for (const char* body : {"NIL", "\"\""}) {
      CAPTURE(program);
      CAPTURE(std::string(body));
      Scripted bed;
      Scripted::add(bed.remote, "INBOX", 1, 1);
      Scripted::add(bed.remote, "other", 2, 2);
      bed.remote.on(
          "UID FETCH 1\\S* .*BODY", 1,
          {.octets = "* 1 FETCH (UID 1 MODSEQ (2) FLAGS () INTERNALDATE \"02-Feb-2021 03:04:05 +0000\" "
                     "BODY[] " +
                     std::string(body) + ")\r\n{tag} OK done\r\n"});
      Run run = bed.program.runWith(program, {"--debug", "INBOX"});
      requireDone(run);
      INFO(run.log());
      CHECK(run.says("remote(INBOX): WARNING: Ignoring new 0-length message (UID 1)"));
      CHECK(bed.here().messages() == 0);
      requireDone(bed.program.runWith(program));
      CHECK(bed.here().mailboxes.at("other").messages.size() == 2);
    }
  }
}

TEST_CASE("scenario 80, W5: a refused message is reported, the others arrive, and it is tried again") {
  NOT_THE_REFERENCE();
  for (const char* words :
       {"[OVERQUOTA] mailbox is full", "[LIMIT] message is too big", "invalid NUL octet"}) {
    CAPTURE(std::string(words));
    Scripted bed;
    for (const char* name : {"INBOX", "other"}) Scripted::add(bed.local, name, 20, 1);
    bed.local.access([&](auto& mailboxes) {
      std::string& text = mailboxes["INBOX"].messages[7].text;
      text = "X-Refuse: me\r\n" + text;
    });
    bed.remote.refuse([&](const std::string& text) {
      return text.find("X-Refuse: me") != std::string::npos ? std::string(words) : "";
    });
    for (int runs = 0; runs < 2; ++runs) {
      Run run = bed.program.run();
      checkStatus(run, ExitStatus::tryAgain);
      INFO(run.log());
      if (runs == 0) {
        CHECK(run.says("local(INBOX): ERROR: "));
        CHECK(run.says("UID 8 was refused by remote: "));
        CHECK(run.says(words));
      }
      Snapshot there = bed.there();
      CHECK(there.mailboxes.at("INBOX").messages.size() == 19);
      CHECK(there.mailboxes.at("other").messages.size() == 20);
    }
    // What comes later is not in its way.
    Scripted::add(bed.local, "INBOX", 2, 2);
    checkStatus(bed.program.run(), ExitStatus::tryAgain);
    CHECK(bed.there().mailboxes.at("INBOX").messages.size() == 21);
    bed.remote.refuse({});
    bed.checkRecovers();
  }
}

TEST_CASE("scenario 80, W5: a mailbox that cannot be selected stops only itself") {
  NOT_THE_REFERENCE();
  Scripted bed;
  for (const char* name : {"INBOX", "bad", "zed"}) Scripted::add(bed.local, name, 3, 1);
  Scripted::add(bed.remote, "bad", 2, 2);
  bed.remote.on("SELECT \"?bad", 0, {.octets = "{tag} NO [SERVERBUG] index is broken\r\n"});
  Run run = bed.program.run();
  INFO(run.log());
  CHECK(run.exitStatus != 0);
  CHECK(run.says("remote(bad): "));
  CHECK(run.says("index is broken"));
  Snapshot there = bed.there();
  CHECK(there.mailboxes.at("INBOX").messages.size() == 3);
  CHECK(there.mailboxes.at("zed").messages.size() == 3);
  bed.remote.forget();
  bed.checkRecovers();
}

TEST_CASE(
    "scenario 82: an interrupted copy is taken up where it was, and what happened meanwhile is honoured") {
  NOT_THE_REFERENCE();
  Scripted bed;
  Scripted::add(bed.local, "INBOX", 300, 1);
  // The connection ends after the first batch; the server has carried out the second.
  bed.remote.on("APPEND", 2, {.octets = "", .close = true});
  Run cut = bed.program.run();
  CHECK(cut.exitStatus != 0);
  std::size_t copied = bed.there().messages();
  REQUIRE(copied > 0);
  CHECK(copied < 300);
  // The end of the connection may be noticed before the first batch is written down: then the journal knows
  // of it, and what somebody expunges of it meanwhile is not taken for a deletion.
  bool known = sql(bed.program.database(), "SELECT count(*) FROM mapping") == std::to_string(copied) + "\n";
  bed.local.access([](auto& mailboxes) {
    FakeMailbox& box = mailboxes["INBOX"];
    box.setFlags(box.messages[1], {"\\Seen"});
    box.expunge(1);
    box.expunge(300);
  });
  bed.remote.access([](auto& mailboxes) {
    FakeMailbox& box = mailboxes["INBOX"];
    box.setFlags(box.messages[2], {"work"});
    box.expunge(4);
  });
  bed.remote.forget();
  Run run = bed.program.run();
  requireDone(run);
  INFO(run.log());
  CHECK(run.says("Resuming interrupted sync for INBOX"));
  // Else copies are known by their contents, which were asked for when the connection was lost.
  checkEqual(bed.here(), bed.there());
  CHECK(bed.here().messages() == (known ? 297 : 298));
  bed.local.access([](auto& mailboxes) {
    CHECK(mailboxes["INBOX"].messages[0].flags == Set{"\\Seen"});
    CHECK(mailboxes["INBOX"].messages[1].flags == Set{"work"});
  });
  checkNothingToDo(bed.program);
}
