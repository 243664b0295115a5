// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Acceptance scenarios 50 to 52 and 57: which mailboxes are synchronised.
#include <algorithm>

#include "tests/e2e/oracle.h"
#include "tests/e2e/scripted.h"

using namespace interimap::bed;
using interimap::ExitStatus;

namespace {

using Names = std::vector<std::string>;

Names namesOf(const Snapshot& snapshot) {
  Names names;
  for (const auto& [name, mailbox] : snapshot.mailboxes) names.push_back(name);
  return names;
}

struct Row {
  const char* option;
  Names expected;
};

// The same at the Perl program, which is asked first.
void checkSelects(const Row& row, const Names& mailboxes, char remoteDelimiter = '/') {
  CAPTURE(std::string(row.option));
  Bed bed({.mailLocation = "sdbox:~/sdbox"}, {.delimiter = remoteDelimiter}, {row.option});
  {
    ImapClient alice = bed.alice();
    for (const std::string& name : mailboxes) alice.create(name);
    for (const char* name : {"three", "one"}) {
      if (std::ranges::find(mailboxes, name) != mailboxes.end()) alice.subscribe(name);
    }
  }
  requireDone(bed.program.run());
  CHECK(namesOf(bed.there()) == row.expected);
  checkNothingToDo(bed.program);
  Run perl = bed.program.runWith(kPerl);
  requireDone(perl);
  CHECK(perl.changes() == "");
}

bool sentOnBothSides(const Run& run, const std::string& command) {
  for (const char* side : {"local", "remote"}) {
    Names commands = run.commands(side);
    if (std::ranges::none_of(commands, [&](const std::string& each) { return each.starts_with(command); }))
      return false;
  }
  return true;
}

}  // namespace

TEST_CASE("scenario 50: list-mailbox, its patterns, quotes and escapes") {
  const Names mailboxes{"one", "two", "two/sub", "two/sub/deep", "tw\"o", "with blank", "A\\B"};
  for (const Row& row : std::vector<Row>{
           {"list-mailbox = one \"two\\0*\"", {"INBOX", "one", "two/sub", "two/sub/deep"}},
           {"list-mailbox = \"two\\x00%\"", {"INBOX", "two/sub"}},
           {"list-mailbox = %", {"A\\B", "INBOX", "one", "tw\"o", "two", "with blank"}},
           {"list-mailbox = \"with blank\" \"tw\\\"o\"", {"INBOX", "tw\"o", "with blank"}},
           {"list-mailbox = \"with\\x20bl\\x61nk\"", {"INBOX", "with blank"}},
           {"list-mailbox = \"A\\\\B\" no-such-one", {"A\\B", "INBOX"}},
       }) {
    checkSelects(row, mailboxes, '.');
  }
}

TEST_CASE("scenario 50, W49: what list-mailbox cannot be, and what its escapes stand for") {
  NOT_THE_REFERENCE();
  for (const char* wrong : {"\"a\\q\"", "\"a", "a\"b\"", "\"\"", "(a)", "a\\b", "\"\\x4\"", "{3}"}) {
    CAPTURE(std::string(wrong));
    Scripted bed({}, {}, {std::string("list-mailbox = ") + wrong});
    Run run = bed.program.run();
    checkStatus(run, ExitStatus::config);
    CHECK(run.says("Invalid value for list-mailbox"));
    CHECK(bed.local.commands().empty());
  }
  Scripted bed({}, {}, {"list-mailbox = \"a\\tb\\vc\\xE9\""});
  const std::string name = "a\tb\vc\xE9";
  Scripted::add(bed.local, name, 2, 1);
  requireDone(bed.program.run());
  bed.remote.access([&](auto& mailboxes) { CHECK(mailboxes[name].messages.size() == 2); });
}

TEST_CASE("scenario 51: mailboxes given as arguments, in the local server's spelling") {
  Bed bed({.delimiter = '/'}, {.delimiter = '.'}, {"list-mailbox = one", "ignore-mailbox = ^two"});
  Corpus corpus(2);
  {
    ImapClient alice = bed.alice(), bob = bed.bob();
    fill(alice, corpus, {"INBOX", "one", "two/sub", "two/other"}, 3);
    fill(bob, corpus, {"remote.only", "remote"}, 2);
  }
  requireDone(bed.program.run({"inbox", "two/sub", "remote/%"}));
  Snapshot there = bed.there();
  CHECK(there.mailboxes.at("INBOX").messages.size() == 3);
  CHECK(there.mailboxes.at("two/sub").messages.size() == 3);
  for (const char* other : {"one", "two/other"}) CHECK_FALSE(there.mailboxes.contains(other));
  CHECK(bed.here().mailboxes.at("remote/only").messages.size() == 2);
  CHECK_FALSE(bed.here().mailboxes.contains("remote"));
  CHECK(bed.program.run({"--debug", "no/such/mailbox"}).exitStatus == static_cast<int>(ExitStatus::data));
}

TEST_CASE("scenario 52: ignore-mailbox takes a tree away, whatever the delimiter") {
  const Names mailboxes{"virtual", "virtual/all", "virtualnot", "Virtual", "three"};
  for (char delimiter : {'/', '.'}) {
    CAPTURE(delimiter);
    for (const Row& row : std::vector<Row>{
             {"ignore-mailbox = ^virtual(?:\\x00|$)", {"INBOX", "Virtual", "three", "virtualnot"}},
             {"ignore-mailbox = (?i)^VIRTUAL", {"INBOX", "three"}},
             {"ignore-mailbox = ^INBOX$",
              {"INBOX", "Virtual", "three", "virtual", "virtual/all", "virtualnot"}},
         }) {
      checkSelects(row, mailboxes, delimiter);
    }
  }
}

TEST_CASE("scenario 52: a regular expression that is none, or never ends") {
  Bed bad({}, {}, {"ignore-mailbox = ^(virtual"});
  checkStatus(bad.program.run(), ExitStatus::config);
  NOT_THE_REFERENCE();
  Bed slow({}, {}, {"ignore-mailbox = ^(a+)+$"});
  slow.alice().create(std::string(60, 'a') + "!");
  Run run = slow.program.run();
  INFO(run.log());
  CHECK(run.wall.count() < 20);
}

TEST_CASE("scenario 57: list-select-opts limits the list") {
  const Names mailboxes{"one", "two", "three"};
  checkSelects({"list-select-opts = SUBSCRIBED", {"INBOX", "one", "three"}}, mailboxes);
}

TEST_CASE("scenario 57, W8: several selectors go out in upper case, and extended LIST data is understood") {
  NOT_THE_REFERENCE();
  Bed bed({}, {}, {"list-select-opts = subscribed RecursiveMatch"});
  Corpus corpus(7);
  {
    ImapClient alice = bed.alice();
    fill(alice, corpus, {"parent", "parent/child", "other"}, 2);
    alice.subscribe("parent/child");
    for (const std::string& response : alice.command("LIST (SUBSCRIBED RECURSIVEMATCH) \"\" %").responses) {
      CHECK(response.find("CHILDINFO") != std::string::npos);
    }
  }
  Run run = bed.program.run();
  requireDone(run);
  INFO(run.log());
  CHECK(sentOnBothSides(run, "LIST (SUBSCRIBED RECURSIVEMATCH) \"\" "));
  CHECK(bed.there().mailboxes.at("parent/child").messages.size() == 2);
  CHECK_FALSE(bed.there().mailboxes.contains("other"));
  checkNothingToDo(bed.program);

  Bed top({}, {}, {"list-select-opts = SUBSCRIBED RECURSIVEMATCH", "list-mailbox = %"});
  {
    ImapClient alice = top.alice();
    fill(alice, corpus, {"parent", "parent/child"}, 2);
    alice.subscribe("parent/child");
  }
  Run childInfo = top.program.run();
  INFO(childInfo.log());
  CHECK(childInfo.says("CHILDINFO"));
  CHECK(childInfo.exitStatus == 0);
}

TEST_CASE("scenario 57, W6: with SUBSCRIBED, an unsubscription on one side reaches the other") {
  NOT_THE_REFERENCE();
  for (bool atRemote : {true, false}) {
    CAPTURE(atRemote);
    Bed bed({}, {}, {"list-select-opts = SUBSCRIBED"});
    Corpus corpus(8);
    {
      ImapClient alice = bed.alice();
      fill(alice, corpus, {"INBOX", "stays", "leaves"}, 2);
      for (const char* name : {"stays", "leaves", "INBOX"}) alice.subscribe(name);
    }
    synchronise(bed);
    (atRemote ? bed.bob() : bed.alice()).unsubscribe("leaves");
    Run run = bed.program.run();
    requireDone(run);
    Snapshot here = bed.here(), there = bed.there();
    CHECK_FALSE(here.mailboxes.at("leaves").subscribed);
    CHECK_FALSE(there.mailboxes.at("leaves").subscribed);
    CHECK(here.mailboxes.at("stays").subscribed);
    CHECK(here.mailboxes.at("leaves").messages.size() == 2);
    CHECK(there.mailboxes.at("leaves").messages.size() == 2);
    checkNothingToDo(bed.program);
    // And back again, with what came meanwhile.
    bed.bob().append("leaves", corpus.smallMessages(1));
    bed.alice().subscribe("leaves");
    requireDone(bed.program.run());
    checkEqual(bed.here(), bed.there());
    CHECK(bed.here().mailboxes.at("leaves").messages.size() == 3);
  }
}
