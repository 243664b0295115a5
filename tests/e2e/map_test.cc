// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// map and special-use: mailboxes that have one name on local and another on remote.
#include <algorithm>
#include <map>
#include <string>

#include "tests/e2e/bed.h"

using namespace interimap::bed;
using interimap::ExitStatus;

namespace {

// sdbox, where a parent is one.
struct Mapped : Bed {
  explicit Mapped(const std::string& keys, const std::string& here = "", const std::string& there = "")
      : Bed({.mailLocation = "sdbox:~/sdbox", .extra = here, .extra24 = here},
            {.delimiter = '.', .mailLocation = "sdbox:~/sdbox", .extra = there, .extra24 = there}),
        plain(program.configuration()) {
    want(keys);
  }
  void want(const std::string& keys) const { program.configure(keys + "\n" + plain); }
  // Both have as many messages in these: by their names on local and remote.
  void checkSame(const std::map<std::string, std::string>& names) const {
    ImapClient alice = this->alice(), bob = this->bob();
    for (const auto& name : names) {
      CAPTURE(name.first);
      CHECK(alice.select(name.first) == bob.select(name.second));
    }
  }
  static bool has(ImapClient client, const std::string& name) {
    return client.tryCommand("SELECT \"" + name + "\"").ok();
  }
  std::string plain;
  Corpus corpus{7};
};

std::string uses(const std::map<std::string, std::string>& all) {
  std::string text = "namespace inbox {\n";
  for (const auto& [name, use] : all)
    text += " mailbox \"" + name + "\" {\n  special_use = " + use + "\n }\n";
  return text + "}";
}

}  // namespace

TEST_CASE("map: a name here and another there, with what is below, both ways and ever after") {
  NOT_THE_REFERENCE();
  Mapped bed("map = Sent <-> Sent Items\nmap = Lists/* <-> mailing/*\nmap = Entwürfe <-> Drafts");
  ImapClient alice = bed.alice(), bob = bed.bob();
  fill(alice, bed.corpus, {"Sent", "Sent/2024", "Lists/a", "Entw&APw-rfe", "other"}, 2);
  fill(bob, bed.corpus, {"Sent Items", "mailing.b"}, 3);
  alice.subscribe("Sent");
  Run dry = bed.program.run({"--dry-run"});
  CHECK(dry.says("Would create mailing.a"));
  CHECK(dry.says("Would create Lists/b"));
  requireDone(bed.program.run());
  const std::map<std::string, std::string> same{{"Sent", "Sent Items"},   {"Sent/2024", "Sent Items.2024"},
                                                {"Lists/a", "mailing.a"}, {"Lists/b", "mailing.b"},
                                                {"other", "other"},       {"Entw&APw-rfe", "Drafts"}};
  bed.checkSame(same);
  CHECK(alice.select("Sent") == 5);
  CHECK_FALSE(Mapped::has(bed.bob(), "Sent"));
  CHECK_FALSE(Mapped::has(bed.alice(), "Sent Items"));
  CHECK(bed.there().mailboxes.at("Sent Items").subscribed);
  checkNothingToDo(bed.program);

  // By name, by pattern, and what is done to mailboxes as such.
  bob.append("Sent Items", bed.corpus.smallMessages(1));
  alice.append("Lists/a", bed.corpus.smallMessages(1));
  requireDone(bed.program.run({"Sent"}));
  CHECK(alice.select("Sent") == 6);
  CHECK(bob.select("mailing.a") == 2);
  for (const char* pattern : {"mailing*", "Lists*"}) {
    CAPTURE(pattern);
    alice.append("Lists/a", bed.corpus.smallMessages(1));
    bob.append("other", bed.corpus.smallMessages(1));
    bed.want(
        "map = Sent <-> Sent Items\nmap = Lists/* <-> mailing/*\nmap = Entwürfe <-> Drafts\nlist-mailbox = " +
        std::string(pattern));
    requireDone(bed.program.run());
    bed.checkSame({{"Lists/a", "mailing.a"}});
    CHECK(alice.select("other") + 1 <= bob.select("other"));
  }
  bed.want("map = Sent <-> Sent Items\nmap = Lists/* <-> mailing/*\nmap = Entwürfe <-> Drafts");
  alice.command("RENAME Lists/a Lists/c");
  bob.command("RENAME \"Sent Items.2024\" \"Sent Items.old\"");
  Run run = bed.program.run();
  requireDone(run);
  CHECK(run.says("remote: Renamed mailbox mailing.a to mailing.c"));
  CHECK(run.says("local: Renamed mailbox Sent/2024 to Sent/old"));
  bed.checkSame({{"Lists/c", "mailing.c"}, {"Sent/old", "Sent Items.old"}, {"other", "other"}});
  requireDone(bed.program.run({"--rename", "Sent/old", "Lists/sent"}));
  bed.checkSame({{"Lists/sent", "mailing.sent"}});
  requireDone(bed.program.run({"--delete", "Lists/sent"}));
  CHECK_FALSE(Mapped::has(bed.bob(), "mailing.sent"));
  checkNothingToDo(bed.program);
}

TEST_CASE("map: taken out or put in between runs, nothing is lost and nothing doubled") {
  NOT_THE_REFERENCE();
  Mapped bed("map = Sent <-> Sent Items");
  ImapClient alice = bed.alice(), bob = bed.bob();
  fill(alice, bed.corpus, {"INBOX", "Sent"}, 3);
  requireDone(bed.program.run());
  CHECK(bob.select("Sent Items") == 3);
  bed.want("");
  requireDone(bed.program.run());  // as if it had been renamed on remote
  CHECK(alice.select("Sent Items") == 3);
  CHECK(bob.select("Sent Items") == 3);
  CHECK_FALSE(Mapped::has(bed.alice(), "Sent"));
  bed.want("map = Sent <-> Sent Items");
  Run run = bed.program.run();
  checkStatus(run, ExitStatus::data);
  CHECK(run.says("local(Sent Items): ERROR: Mailbox has the name that Sent of local has on remote"));
  CHECK_FALSE(run.sent("CREATE"));
  CHECK_FALSE(run.sent("APPEND"));
  alice.command("RENAME \"Sent Items\" Sent");
  requireDone(bed.program.run());
  checkNothingToDo(bed.program);
  CHECK(alice.select("Sent") == 3);
  CHECK(bob.select("Sent Items") == 3);
}

TEST_CASE("map: a name that is another mailbox's on the other side is reported before anything is made") {
  NOT_THE_REFERENCE();
  Mapped bed("map = Sent <-> Sent Items");
  ImapClient alice = bed.alice(), bob = bed.bob();
  fill(alice, bed.corpus, {"Sent", "other"}, 2);
  fill(bob, bed.corpus, {"Sent"}, 1);
  for (int runs = 0; runs < 2; ++runs) {
    Run run = bed.program.run();
    checkStatus(run, ExitStatus::data);
    CHECK(run.says(
        "remote(Sent): ERROR: Mailbox has the name that Sent of local would have here without the map"));
    CHECK_FALSE(Mapped::has(bed.bob(), "Sent Items"));
    CHECK(alice.select("Sent") == 2);
    CHECK(bob.select("Sent") == 1);
    bed.checkSame({{"other", "other"}});
  }
  bob.command("RENAME Sent \"Sent Items\"");
  requireDone(bed.program.run());
  bed.checkSame({{"Sent", "Sent Items"}});
  CHECK(alice.select("Sent") == 3);
}

TEST_CASE("map: what is not one to one is refused with its line, before any server is asked") {
  NOT_THE_REFERENCE();
  for (const char* map :
       {"map = a <-> b\nmap = c <-> b", "map = a <-> b\nmap = a <-> c", "map = x <-> y\nmap = INBOX <-> a",
        "map = x <-> y\nmap = a", "map = x <-> y\nmap = a/* <-> b"}) {
    CAPTURE(map);
    Mapped bed(map);
    Run run = bed.program.run();
    checkStatus(run, ExitStatus::config);
    CHECK(run.says(":2: "));
    CHECK_FALSE(run.sent("LIST"));
  }
}

TEST_CASE("special-use: mailboxes for the same use are the same, whatever their names") {
  NOT_THE_REFERENCE();
  Mapped bed("special-use = yes", uses({{"Sent", "\\Sent"}, {"Trash", "\\Trash"}, {"Spam", "\\Junk"}}),
             uses({{"Sent Items", "\\Sent"}, {"Bin", "\\Trash"}, {"Spam", "\\Junk"}}));
  ImapClient alice = bed.alice(), bob = bed.bob();
  fill(alice, bed.corpus, {"Sent", "Trash", "Spam", "Drafts"}, 2);
  fill(bob, bed.corpus, {"Sent Items", "Bin", "Drafts"}, 3);
  requireDone(bed.program.run());
  const std::map<std::string, std::string> same{
      {"Sent", "Sent Items"}, {"Trash", "Bin"}, {"Spam", "Spam"}, {"Drafts", "Drafts"}};
  bed.checkSame(same);
  CHECK(alice.select("Trash") == 5);
  CHECK_FALSE(Mapped::has(bed.bob(), "Sent"));
  checkNothingToDo(bed.program);
  bob.append("Sent Items", bed.corpus.smallMessages(1));
  requireDone(bed.program.run({"Sent"}));
  CHECK(alice.select("Sent") == 6);
  bob.append("Bin", bed.corpus.smallMessages(1));
  bed.want("special-use = yes\nlist-mailbox = Trash");
  requireDone(bed.program.run());
  CHECK(alice.select("Trash") == 6);
  bed.want("special-use = yes");
  bed.program.run({"--rename", "Trash", "Old"});
  bed.checkSame({{"Old", "Old"}});
}
