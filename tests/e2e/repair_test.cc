// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Acceptance scenario 83: --repair, row by row, and what came while nobody looked.
#include <algorithm>

#include "tests/e2e/oracle.h"
#include "tests/e2e/scripted.h"
#include "tests/e2e/sql.h"

using namespace interimap::bed;

namespace {

using Set = std::set<std::string>;

// Messages 1 to 8 without flags on both sides. Scripted servers, since a real one does not forget.
struct Paired : Scripted {
  Paired() {
    add(local, "INBOX", 8, 1);
    requireDone(program.run());
    checkEqual(here(), there());
  }

  // A change that is said to have been seen by everybody already.
  static void silently(FakeServer& server, const std::function<void(FakeMailbox&)>& change) {
    server.access([&](auto& mailboxes) {
      FakeMailbox& box = mailboxes["INBOX"];
      std::uint64_t highest = box.highestModSeq;
      change(box);
      for (FakeMessage& m : box.messages) m.modSeq = std::min(m.modSeq, highest);
      std::erase_if(box.vanished, [&](const auto& each) { return each.second > highest; });
      box.highestModSeq = highest;
    });
  }
  static FakeMessage& message(FakeMailbox& box, std::uint32_t uid) {
    for (FakeMessage& m : box.messages) {
      if (m.uid == uid) return m;
    }
    throw std::runtime_error("no such message");
  }
  static auto flags(std::uint32_t uid, Set flags) {
    return [=](FakeMailbox& box) { box.setFlags(message(box, uid), flags); };
  }
  static auto expunge(std::uint32_t uid) {
    return [=](FakeMailbox& box) { box.expunge(uid); };
  }
  Set flagsAt(FakeServer& server, std::uint32_t uid) {
    Set result;
    server.access([&](auto& mailboxes) { result = message(mailboxes["INBOX"], uid).flags; });
    return result;
  }
  void repair(Run& run) {
    run = program.run({"--debug", "--repair"});
    requireDone(run);
    checkEqual(here(), there());
    checkNothingToDo(program);
  }
};

}  // namespace

TEST_CASE_FIXTURE(Paired, "scenario 83: nothing wrong, nothing done") {
  Run run;
  repair(run);
  INFO(run.log());
  CHECK(run.changes() == "");
  for (const char* side : {"local", "remote"}) {
    CHECK(std::ranges::any_of(
        run.commands(side), [](const std::string& command) { return command.starts_with("UID FETCH 1:"); }));
  }
}

TEST_CASE_FIXTURE(Paired, "scenario 83: flags, newer on one side or on none") {
  silently(local, flags(1, {"\\Seen"}));                                // missed
  silently(remote, flags(2, {"work"}));                                 // missed
  remote.access([](auto& m) { flags(3, {"\\Flagged"})(m["INBOX"]); });  // merely new
  local.access([](auto& m) { flags(4, {"\\Answered"})(m["INBOX"]); });
  CHECK_FALSE(program.run({"--debug", "--dry-run"}).says("UID(s) 1"));
  Run run;
  repair(run);
  INFO(run.log());
  CHECK(flagsAt(remote, 1) == Set{"\\Seen"});
  CHECK(flagsAt(local, 2) == Set{"work"});
  CHECK(flagsAt(local, 3) == Set{"\\Flagged"});
  CHECK(flagsAt(remote, 4) == Set{"\\Answered"});
  CHECK(run.says("Missed flag update in INBOX for (lUID,rUID) = (1,1). Repairing."));
  CHECK(run.says("Missed flag update in INBOX for (lUID,rUID) = (2,2). Repairing."));
  CHECK_FALSE(run.says("Missed flag update in INBOX for (lUID,rUID) = (3,3)"));
}

TEST_CASE_FIXTURE(Paired, "scenario 83: messages that vanished, with a word or without") {
  silently(local, expunge(1));
  silently(remote, expunge(2));
  silently(local, expunge(3));
  silently(remote, expunge(3));
  local.access([](auto& m) { m["INBOX"].expunge(4); });
  remote.access([](auto& m) { m["INBOX"].expunge(5); });
  for (FakeServer* server : {&local, &remote}) server->access([](auto& m) { m["INBOX"].expunge(6); });
  Run run;
  repair(run);
  INFO(run.log());
  CHECK(run.says("WARNING: UID 1 disappeared. Redownloading remote UID 1."));
  CHECK(run.says("WARNING: UID 2 disappeared. Redownloading local UID 2."));
  CHECK(run.says("WARNING: Pair (lUID,rUID) = (3,3) vanished from INBOX. Repairing."));
  CHECK_FALSE(run.says("(6,6)"));
  CHECK(here().messages() == 4);  // 1, 2, 7, 8
  std::string pairs = sql(program.database(), "SELECT lUID, rUID FROM mapping ORDER BY 1");
  for (const char* kept : {"7|7\n", "8|8\n"}) CHECK(pairs.find(kept) != std::string::npos);
}

TEST_CASE_FIXTURE(Paired, "scenario 83: messages without a mapping are copied again") {
  NOT_THE_REFERENCE();
  // Never copied, though the state says that everything was.
  silently(local, [](FakeMailbox& box) { box.add("Subject: mine\r\n\r\n"); });
  silently(remote, [](FakeMailbox& box) { box.add("Subject: theirs\r\n\r\n"); });
  sql(program.database(),
      "UPDATE local SET UIDNEXT = 10; UPDATE remote SET UIDNEXT = 10; UPDATE ours_stamp SET lUIDNEXT = 10, "
      "rUIDNEXT = 10");
  Run run;
  repair(run);
  INFO(run.log());
  CHECK(run.says("remote(INBOX): WARNING: No match for modified local UID 9. Redownloading."));
  CHECK(run.says("local(INBOX): WARNING: No match for modified remote UID 9. Redownloading."));
  CHECK(here().messages() == 10);
}

TEST_CASE_FIXTURE(Paired, "scenario 83: a mapping that was lost is found again, without a second copy") {
  NOT_THE_REFERENCE();
  sql(program.database(),
      "DELETE FROM mapping WHERE lUID IN (2, 5); DELETE FROM ours_base WHERE lUID IN (2, 5)");
  Run run;
  repair(run);
  INFO(run.log());
  CHECK(here().messages() == 8);
  CHECK(sql(program.database(), "SELECT count(*) FROM mapping") == "8\n");
}

TEST_CASE("scenario 83, W1: several mailboxes with new mail at once are all complete") {
  NOT_THE_REFERENCE();
  Bed bed;
  std::vector<std::string> names{"INBOX", "a", "b", "b/c", "d", "e"};
  Corpus corpus(1);
  {
    ImapClient alice = bed.alice();
    fill(alice, corpus, names, 4);
  }
  synchronise(bed);
  // New mail with the same UIDs everywhere, on one side, the other, or both; and lost mappings.
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i % 3 != 0) bed.alice().append(names[i], corpus.smallMessages(1 + i % 2));
    if (i % 3 != 1) bed.bob().append(names[i], corpus.smallMessages(2));
  }
  Run run = bed.program.run({"--repair"});
  requireDone(run);
  INFO(run.log());
  checkEqual(bed.here(), bed.there());
  std::size_t expected = 0;
  for (std::size_t i = 0; i < names.size(); ++i)
    expected += 4 + (i % 3 != 0 ? 1 + i % 2 : 0) + (i % 3 != 1 ? 2 : 0);
  CHECK(bed.here().messages() == expected);
  checkNothingToDo(bed.program);
}

TEST_CASE("scenario 83: only the mailboxes that are named") {
  Scripted bed;
  for (const char* name : {"INBOX", "a"}) Scripted::add(bed.local, name, 3, 1);
  requireDone(bed.program.run());
  Run run = bed.program.run({"--debug", "--repair", "a"});
  requireDone(run);
  CHECK(run.sent("SELECT a"));
  CHECK_FALSE(run.sent("SELECT INBOX"));
}
