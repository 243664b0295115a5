// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Mailboxes that get other names while their old ones are given to others, as rotating archives do.
#include <algorithm>
#include <functional>

#include "tests/e2e/bed.h"

using namespace interimap::bed;
using interimap::ExitStatus;

namespace {

// sdbox, as maildir lists the parent of a mailbox as if it could be selected.
struct Shared : Bed {
  explicit Shared(const std::vector<std::string>& names)
      : Bed({.mailLocation = "sdbox:~/sdbox"}, {.delimiter = '.', .mailLocation = "sdbox:~/sdbox"}) {
    Corpus corpus(7);
    ImapClient first = alice();
    fill(first, corpus, names, 5);
    synchronise(*this);
  }
  // By another client, on one of the servers; names have its delimiter.
  void act(bool onLocal, const std::vector<std::string>& commands) const {
    ImapClient client = onLocal ? alice() : bob();
    for (std::string command : commands) {
      if (!onLocal) std::ranges::replace(command, '/', '.');
      client.command(command);
    }
  }
};

}  // namespace

TEST_CASE("field 20: names that are taken again, swapped or passed on") {
  NOT_THE_REFERENCE();
  struct {
    const char* what;
    std::vector<std::string> commands;
  } table[] = {
      {"taken again", {"RENAME list list-2025", "CREATE list"}},
      {"taken again, by turns",
       {"RENAME list list-2025", "CREATE list", "RENAME list list-2026", "CREATE list"}},
      {"swapped", {"RENAME list t", "RENAME other list", "RENAME t other"}},
      {"passed on", {"RENAME third fourth", "RENAME other third", "RENAME list other", "CREATE list"}},
      {"in a circle", {"RENAME list t", "RENAME third list", "RENAME other third", "RENAME t other"}},
      {"below another", {"RENAME list old/list", "CREATE list", "CREATE list/new"}},
  };
  for (const auto& row : table)
    for (bool onLocal : {true, false}) {
      CAPTURE(row.what);
      CAPTURE(onLocal);
      Shared bed({"list", "other", "third"});
      bed.act(onLocal, row.commands);
      Corpus corpus(99);
      (onLocal ? bed.alice() : bed.bob()).append("list", corpus.smallMessages(1));
      Snapshot before = onLocal ? bed.here() : bed.there();
      Run run = bed.program.run();
      requireDone(run);
      INFO(run.log());
      checkEqual(bed.here(), bed.there());
      CHECK(difference(before, onLocal ? bed.here() : bed.there()) == "");
      checkNothingToDo(bed.program);
    }
}

TEST_CASE("field 20: a parent of many mailboxes is renamed by one RENAME") {
  NOT_THE_REFERENCE();
  std::vector<std::string> names;
  for (int n = 0; n < 30; ++n) names.push_back("list/l" + std::to_string(n));
  Shared bed(names);
  bed.act(false, {"RENAME list list2"});
  Run run = bed.program.run();
  requireDone(run);
  INFO(run.log());
  auto commands = run.commands("local");
  CHECK(std::ranges::count_if(commands, [](const std::string& it) { return it.starts_with("RENAME"); }) == 1);
  checkEqual(bed.here(), bed.there());
  checkNothingToDo(bed.program);
}

TEST_CASE("field 20: what is advised where a name is another mailbox's now leads to the right end") {
  NOT_THE_REFERENCE();
  Shared bed({"list"});
  bed.act(false, {"DELETE list", "CREATE list"});  // not renamed: made anew
  Corpus corpus(99);
  bed.bob().append("list", corpus.smallMessages(1));
  Run run = bed.program.run();
  checkStatus(run, ExitStatus::data);
  INFO(run.log());
  REQUIRE(run.says("`interimap --target=local,database --delete list`"));
  requireDone(bed.program.run({"--target=local,database", "--delete", "list"}));
  requireDone(bed.program.run());
  checkEqual(bed.here(), bed.there());
  CHECK(bed.here().mailboxes.at("list").messages.size() == 1);
}
