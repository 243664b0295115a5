// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Acceptance scenarios 60 to 63: --delete and --rename on both servers and in the database, beside the Perl
// program where it can do the same.
#include <poll.h>

#include <csignal>
#include <memory>

#include "tests/e2e/bed.h"
#include "tests/e2e/oracle.h"
#include "tests/e2e/scripted.h"
#include "tests/e2e/sql.h"

using namespace interimap::bed;
using interimap::ExitStatus;

namespace {

// Two accounts in sync: INBOX, a, a/b, c with five messages each. sdbox, as maildir lists the parent of a
// mailbox as if it could be selected.
struct Filled : Bed {
  Filled() : Bed({.mailLocation = "sdbox:~/sdbox"}, {.delimiter = '.', .mailLocation = "sdbox:~/sdbox"}) {
    Corpus corpus(11);
    ImapClient first = alice();
    fill(first, corpus, {"INBOX", "a", "a/b", "c"}, 5);
    synchronise(*this);
  }

  // Rows of the four tables that the mailbox named so, in the database's way of writing, has.
  std::string rows(const std::string& hexName) const {
    std::string idx = " WHERE idx = (SELECT idx FROM mailboxes WHERE mailbox = x'" + hexName + "')";
    std::string counts;
    for (const char* table : {"mailboxes", "local", "remote", "mapping"})
      counts += "(SELECT count(*) FROM " + std::string(table) + idx + ") || ' ' || ";
    return sql(program.database(), "SELECT " + counts + "''");
  }
  std::string orphans() const {
    return sql(program.database(), "PRAGMA foreign_key_check") +
           sql(program.database(), "SELECT idx FROM mapping WHERE idx NOT IN (SELECT idx FROM mailboxes)");
  }
};

bool listed(ImapClient client, const std::string& name, const std::string& attribute) {
  for (const std::string& response : client.command("LIST \"\" *").responses) {
    if (response.ends_with(" " + name) && response.find(attribute) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("scenario 60: --delete takes a mailbox away everywhere, and what is below it stays") {
  for (bool perl : {false, true}) {
    CAPTURE(perl);
    Filled bed;
    CHECK(bed.rows("61") == "1 1 1 5 \n");
    Run run = perl ? bed.program.runWith(kPerl, {"--debug", "--delete", "a", "c"})
                   : bed.program.run({"--debug", "--delete", "a", "c"});
    requireDone(run);
    INFO(run.log());
    for (const char* said : {"local: Deleted mailbox a", "remote: Deleted mailbox a",
                             "database: Removed mailbox a", "database: Removed mailbox c"}) {
      CHECK(run.says(said));
    }
    for (const Snapshot& side : {bed.here(), bed.there()}) {
      CHECK_FALSE(side.mailboxes.contains("a"));
      CHECK_FALSE(side.mailboxes.contains("c"));
      CHECK(side.mailboxes.at("a/b").messages.size() == 5);
    }
    CHECK(bed.rows("61") == "0 0 0 0 \n");
    CHECK(bed.rows("610062") == "1 1 1 5 \n");
    CHECK(bed.orphans() == "");
    checkNothingToDo(bed.program);
  }
}

TEST_CASE("scenario 60, W7: INBOX cannot be deleted, but forgotten") {
  NOT_THE_REFERENCE();
  Filled bed;
  Snapshot before = bed.here();
  for (const char* name : {"INBOX", "inbox"}) {
    Run run = bed.program.run({"--delete", name});
    CHECK(run.exitStatus != 0);
    CHECK(run.says("INBOX can't be deleted"));
    CHECK(bed.program.run({"--target=local,database", "--delete", name}).exitStatus != 0);
  }
  CHECK(bed.rows("494E424F58") == "1 1 1 5 \n");
  requireDone(bed.program.run({"--target=database", "--delete", "INBOX"}));
  CHECK(bed.rows("494E424F58") == "0 0 0 0 \n");
  CHECK(bed.here() == before);
  CHECK(bed.there() == before);
  requireDone(bed.program.run());  // recognises what both have
  checkEqual(bed.here(), bed.there());
}

TEST_CASE("scenario 61: --target says where, an unknown name changes nothing") {
  Filled bed;
  Run unknown = bed.program.run({"--debug", "--delete", "no/such", "a/no"});
  CHECK(unknown.exitStatus == static_cast<int>(ExitStatus::data));
  CHECK(unknown.changes() == "");
  struct {
    const char* target;
    bool here, there, known;
  } rows[] = {{"local", false, true, true},
              {"remote", true, false, true},
              {"database", true, true, false},
              {"local,remote", false, false, true},
              {"remote,database", true, false, false}};
  for (const auto& row : rows) {
    CAPTURE(std::string(row.target));
    Filled each;
    requireDone(each.program.run({"--target=" + std::string(row.target), "--delete", "c"}));
    CHECK(each.here().mailboxes.contains("c") == row.here);
    CHECK(each.there().mailboxes.contains("c") == row.there);
    CHECK(each.rows("63") == (row.known ? "1 1 1 5 \n" : "0 0 0 0 \n"));
    CHECK(each.here().mailboxes.contains("a"));
  }
}

TEST_CASE("scenario 61: a mailbox that cannot be selected is not deleted") {
  Filled bed;
  requireDone(bed.program.run({"--delete", "a"}));
  CHECK(listed(bed.alice(), "a", "\\Noselect"));
  Run run = bed.program.run({"--debug", "--delete", "a"});
  requireDone(run);
  CHECK(run.changes() == "");
  CHECK(listed(bed.alice(), "a", "\\Noselect"));
  CHECK(bed.there().mailboxes.at("a/b").messages.size() == 5);
}

TEST_CASE("scenario 62: --rename takes the children along, and the next run transfers nothing") {
  for (bool perl : {false, true}) {
    CAPTURE(perl);
    Filled bed;
    std::vector<std::string> arguments{"--debug", "--rename", "a", "z/y"};
    Run run = perl ? bed.program.runWith(kPerl, arguments) : bed.program.run(arguments);
    requireDone(run);
    INFO(run.log());
    for (const char* said : {"local: Renamed mailbox a to z/y", "remote: Renamed mailbox a to z.y",
                             "database: Renamed mailbox a to z/y"}) {
      CHECK(run.says(said));
    }
    for (const Snapshot& side : {bed.here(), bed.there()}) {
      CHECK(side.mailboxes.at("z/y").messages.size() == 5);
      CHECK(side.mailboxes.at("z/y/b").messages.size() == 5);
      CHECK_FALSE(side.mailboxes.contains("a"));
      CHECK_FALSE(side.mailboxes.contains("a/b"));
    }
    CHECK(bed.rows("7A0079") == "1 1 1 5 \n");
    CHECK(bed.rows("7A00790062") == "1 1 1 5 \n");
    CHECK(bed.rows("61") == "0 0 0 0 \n");
    checkNothingToDo(bed.program);
  }
}

TEST_CASE("scenario 62: a parent that does not exist is renamed with its children, a sibling is not") {
  Filled bed;
  {
    Corpus corpus(12);
    ImapClient alice = bed.alice();
    fill(alice, corpus, {"ab"}, 1);
  }
  requireDone(bed.program.run({"--delete", "a"}));
  synchronise(bed);
  requireDone(bed.program.run({"--rename", "a", "z"}));
  for (const Snapshot& side : {bed.here(), bed.there()}) {
    CHECK(side.mailboxes.at("z/b").messages.size() == 5);
    CHECK(side.mailboxes.at("ab").messages.size() == 1);
    CHECK_FALSE(side.mailboxes.contains("a/b"));
  }
  CHECK(bed.rows("7A0062") == "1 1 1 5 \n");
  CHECK(bed.rows("6162") == "1 1 1 1 \n");
  checkNothingToDo(bed.program);
}

TEST_CASE("scenario 63: --rename to a name that is taken anywhere is refused, with the target to free") {
  for (const std::string side : {"local", "remote", "database"}) {
    CAPTURE(side);
    Filled bed;
    if (side != "database") {  // taken on that server alone, and not known
      requireDone(bed.program.run({"--delete", "c"}));
      (side == "local" ? bed.alice() : bed.bob()).create("c");
    } else {
      requireDone(bed.program.run({"--target=local,remote", "--delete", "c"}));
    }
    Snapshot here = bed.here(), there = bed.there();
    std::string known = mappedMessages(bed.program.database());
    Run run = bed.program.run({"--rename", "a", "c"});
    CHECK(run.exitStatus != 0);
    INFO(run.log());
    CHECK(run.says("Mailbox c exists. Run `interimap --target=" + side + " --delete c` to delete."));
    CHECK(bed.here() == here);
    CHECK(bed.there() == there);
    CHECK(mappedMessages(bed.program.database()) == known);
  }
}

TEST_CASE("scenario 63: a target that is not asked for may have the name") {
  Filled bed;
  requireDone(bed.program.run({"--delete", "c"}));
  bed.bob().create("c");
  requireDone(bed.program.run({"--target=local,database", "--rename", "a", "c"}));
  CHECK(bed.here().mailboxes.at("c").messages.size() == 5);
  CHECK(bed.there().mailboxes.at("a").messages.size() == 5);
  CHECK(bed.rows("63") == "1 1 1 5 \n");
}

TEST_CASE("scenario 61, W23: --delete and --rename beside a watcher") {
  NOT_THE_REFERENCE();
  for (const char* option : {"--watch=1", "--notify"}) {
    CAPTURE(std::string(option));
    Filled bed;
    BackgroundProcess watcher = bed.program.runInBackground({option});
    requireDone(bed.program.run({"--rename", "a", "z"}));
    requireDone(bed.program.run({"--delete", "c"}));
    CHECK(watcher.running());
    watcher.signal(SIGTERM);
    CHECK(watcher.wait(std::chrono::seconds(20)).exitStatus == 0);
    requireDone(bed.program.run());
    checkEqual(bed.here(), bed.there());
    CHECK(bed.here().mailboxes.at("z/b").messages.size() == 5);
    CHECK_FALSE(bed.here().mailboxes.contains("c"));
    CHECK_FALSE(bed.there().mailboxes.contains("a"));
  }
}

TEST_CASE("scenario 61, W23: what is given beside a watcher waits until that has ended its round") {
  NOT_THE_REFERENCE();
  Filled bed;
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"--delete", "c"}, {"--rename", "a", "z"}, {"--repair"}}) {
    CAPTURE(arguments[0]);
    auto round = std::make_unique<Locked>(bed.program.database());
    BackgroundProcess waiting = bed.program.runInBackground(arguments);
    poll(nullptr, 0, 1000);
    CHECK(waiting.running());
    round.reset();
    CHECK(waiting.wait(std::chrono::seconds(20)).exitStatus == 0);
  }
  checkEqual(bed.here(), bed.there());
  CHECK_FALSE(bed.here().mailboxes.contains("c"));
  CHECK(bed.there().mailboxes.contains("z/b"));
}

TEST_CASE("scenario 62, W25: a --rename that fails on the second server is finished by giving it again") {
  NOT_THE_REFERENCE();
  Scripted bed;
  Scripted::add(bed.local, "a", 3, 1);
  bed.checkRecovers();
  bed.remote.on("RENAME", 1, {.octets = "{tag} NO [INUSE] not now\r\n"});
  Run run = bed.program.run({"--rename", "a", "z"});
  INFO(run.log());
  CHECK(run.exitStatus != 0);
  CHECK(run.says("[INUSE] not now"));
  requireDone(bed.program.run({"--rename", "a", "z"}));
  CHECK(bed.here().mailboxes.at("z").messages.size() == 3);
  CHECK_FALSE(bed.there().mailboxes.contains("a"));
  bed.checkRecovers();
}
