// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Deletions that somebody may not have meant.
#include "tests/e2e/bed.h"
#include "tests/e2e/sql.h"

using namespace interimap;
using namespace interimap::bed;

namespace {

// Mailboxes of 30 messages on both sides.
struct Filled : Bed {
  explicit Filled(const std::vector<std::string>& mailboxes, std::vector<std::string> options = {})
      : Bed({}, {}, std::move(options)) {
    Corpus corpus(7);
    ImapClient bob = this->bob();
    fill(bob, corpus, mailboxes, 30);
    synchronise(*this);
  }
  void lose(ImapClient client, const std::string& mailbox, const std::string& numbers) const {
    client.select(mailbox);
    client.expunge(numbers);
  }
  std::size_t left(const std::string& mailbox) const { return here().mailboxes.at(mailbox).messages.size(); }
  std::string marks() const { return sql(program.database(), "SELECT count(*) FROM ours_brake"); }
};

}  // namespace

TEST_CASE(
    "field 7: most of a mailbox is held back, whatever was deleted on the other side, and not by halves") {
  NOT_THE_REFERENCE();
  Filled bed({"all", "own", "most", "some"});
  bed.lose(bed.bob(), "all", "1:*");
  bed.lose(bed.bob(), "own", "1:*");
  bed.lose(bed.alice(), "own", "7");
  bed.lose(bed.bob(), "most", "1:29");
  bed.lose(bed.bob(), "some", "1:20");
  Run preview = bed.program.run({"--dry-run"});
  CHECK(preview.says("Would not remove 30 UID(s) 1:30, 30 of 30 messages"));
  CHECK(preview.says("Would not remove 29 UID(s)"));
  CHECK(preview.says("Would remove 20 UID(s)"));
  for (int run = 0; run < 3; ++run) {  // the next breath confirms nothing
    Run held = bed.program.run();
    checkStatus(held, ExitStatus::tryAgain);
    CHECK(held.says("Not expunging 30 of 30 messages"));
    CHECK(held.says("Not expunging 29 of 30 messages"));
    CHECK(bed.left("all") == 30);
    CHECK(bed.left("own") == 29);
    CHECK(bed.left("most") == 30);
    CHECK(bed.left("some") == 10);
  }
  SUBCASE("ten minutes later it is done") {
    sql(bed.program.database(), "UPDATE ours_brake SET since = since - 600");
    CHECK(bed.program.run({"--dry-run"}).says("Would remove 30 UID(s)"));
    synchronise(bed);
    CHECK(bed.left("all") == 0);
    CHECK(bed.left("most") == 1);
  }
  SUBCASE("forced, it is done now") {
    requireDone(bed.program.run({"--force-deletions"}));
    CHECK(bed.left("all") == 0);
  }
  SUBCASE("others have gone since") {
    sql(bed.program.database(), "UPDATE ours_brake SET since = since - 600");
    bed.lose(bed.bob(), "most", "1:*");
    Run run = bed.program.run();
    checkStatus(run, ExitStatus::tryAgain);
    CHECK(bed.left("most") == 30);
    CHECK(bed.left("all") == 0);
    sql(bed.program.database(), "UPDATE ours_brake SET since = since - 600");
    synchronise(bed);
  }
  checkNothingToDo(bed.program);
  CHECK(bed.marks().starts_with("0"));
}

TEST_CASE("field 7: the mark does not outlive what it was about") {
  NOT_THE_REFERENCE();
  Filled bed({"box"});
  sql(bed.program.database(),
      "INSERT INTO ours_brake SELECT idx, 0, 17, CAST('1:30' AS BLOB) FROM mailboxes WHERE mailbox = "
      "CAST('box' AS BLOB)");
  checkNothingToDo(bed.program);
  CHECK(bed.marks().starts_with("0"));
  bed.lose(bed.bob(), "box", "1:*");
  checkStatus(bed.program.run(), ExitStatus::tryAgain);
  CHECK(bed.left("box") == 30);
}

TEST_CASE("field 7: --dry-run knows max-deletions") {
  NOT_THE_REFERENCE();
  Filled bed({"box"}, {"max-deletions = 5"});
  bed.lose(bed.bob(), "box", "1:6");
  Run preview = bed.program.run({"--dry-run"});
  CHECK(preview.says("more than max-deletions allows"));
  CHECK_FALSE(preview.says("Would remove"));
  checkStatus(bed.program.run(), ExitStatus::tryAgain);
  CHECK(bed.left("box") == 30);
}
