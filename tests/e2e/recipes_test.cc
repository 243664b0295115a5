// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The configurations of interimap-recipes(7), each run as it is written there.
#include <ctime>
#include <regex>

#include "tests/e2e/bed.h"

using namespace interimap::bed;

namespace {

const fs::path kManual = "man/interimap-recipes.7";

// What stands in the display below ".Ss NAME".
std::string recipe(const std::string& name) {
  const std::string manual = readFile(kManual);
  std::size_t at = manual.find(".Ss " + name + "\n");
  REQUIRE(at != std::string::npos);
  const std::string begin = ".Bd -literal -offset indent\n";
  at = manual.find(begin, at) + begin.size();
  return std::regex_replace(manual.substr(at, manual.find(".Ed\n", at) - at), std::regex("\\\\e"), "\\");
}

struct Kitchen : Bed {
  explicit Kitchen(const std::string& name) {
    program.configure(program.configuration() + "\n" + recipe(name));
  }
  void run() const {
    requireDone(program.run());
    checkNothingToDo(program);
  }
  Corpus corpus{7, Keywords::none};
};

#define IN_THE_SOURCE_TREE()                            \
  NOT_THE_REFERENCE();                                  \
  if (!fs::exists(kManual)) {                           \
    MESSAGE("skipped: not started in the source tree"); \
    return;                                             \
  }

}  // namespace

TEST_CASE("recipes: a mirror has what becomes of the original, which is never written to") {
  IN_THE_SOURCE_TREE();
  Kitchen bed("Mirror");
  ImapClient bob = bed.bob();
  fill(bob, bed.corpus, {"INBOX", "Work", "Work/Old"}, 5);
  bed.run();
  checkEqual(bed.here(), bed.there());
  bob.select("Work");
  bob.expunge("2:3");
  bob.store("1", "+FLAGS (\\Flagged)");
  bob.append("Work/Old", bed.corpus.smallMessages(2));
  bob.create("Later");
  bob.subscribe("Later");
  const Snapshot before = bed.there();
  bed.run();
  checkEqual(bed.here(), bed.there());
  CHECK(difference(before, bed.there()) == "");
}

TEST_CASE("recipes: a backup keeps what vanished, and what is put back does not come twice") {
  IN_THE_SOURCE_TREE();
  Kitchen bed("Backup");
  ImapClient alice = bed.alice(), bob = bed.bob();
  const std::vector<Message> mail = bed.corpus.smallMessages(30);
  bob.append("INBOX", mail);
  bed.run();
  bob.select("INBOX");
  bob.expunge("1:29");  // most of it: nothing is held back, as nothing would be done
  bed.run();
  CHECK(alice.select("INBOX") == 30);
  bob.append("INBOX", {mail[3]});
  bed.run();
  CHECK(alice.select("INBOX") == 30);
  CHECK(bob.select("INBOX") == 2);
}

TEST_CASE("recipes: an offline copy of the last year") {
  IN_THE_SOURCE_TREE();
  Kitchen bed("Offline copy of the last year");
  ImapClient alice = bed.alice(), bob = bed.bob();
  auto dated = [&](int daysAgo) {
    const std::time_t at = std::time(nullptr) - daysAgo * 86400;
    std::tm utc{};
    gmtime_r(&at, &utc);
    char text[64];
    std::strftime(text, sizeof text, "%d-%b-%Y 12:00:00 +0000", &utc);
    Message message = bed.corpus.smallMessage();
    message.internalDate = text;
    return message;
  };
  for (const char* name : {"Drafts", "Trash", "Work"}) bob.create(name);
  for (const char* name : {"INBOX", "Drafts", "Work"})
    bob.append(name, {dated(800), dated(400), dated(300), dated(3)});
  bed.run();
  CHECK(alice.select("INBOX") == 2);
  CHECK(alice.select("Work") == 2);
  CHECK(alice.select("Drafts") == 4);
  alice.select("Work");
  alice.expunge("1");
  alice.append("Work", bed.corpus.smallMessages(1));  // of years ago: stays
  alice.append("Work", {dated(0)});
  alice.select("Drafts");
  alice.expunge("1");
  bob.select("INBOX");
  bob.expunge("4");
  bed.run();
  CHECK(bob.select("Work") == 5);
  CHECK(bob.select("Drafts") == 3);
  CHECK(alice.select("INBOX") == 1);
}

TEST_CASE("recipes: two providers have names of their own for the same mailboxes") {
  IN_THE_SOURCE_TREE();
  Bed bed;
  Corpus corpus{7};
  bed.program.configure(recipe("Two providers") + bed.program.configuration());
  ImapClient alice = bed.alice(), bob = bed.bob();
  fill(alice, corpus, {"Sent", "Lists/here"}, 2);
  fill(bob, corpus, {"Sent Items", "mailing/there"}, 3);
  requireDone(bed.program.run());
  CHECK(alice.select("Sent") == 5);
  CHECK(bob.select("Sent Items") == 5);
  CHECK(alice.select("Lists/there") == 3);
  CHECK(bob.select("mailing/here") == 2);
  checkNothingToDo(bed.program);
}

TEST_CASE("recipes: an archive that nobody empties") {
  IN_THE_SOURCE_TREE();
  Kitchen bed("An archive that nobody empties");
  ImapClient alice = bed.alice(), bob = bed.bob();
  fill(alice, bed.corpus, {"INBOX", "Archive", "Archive/2024"}, 4);
  bed.run();
  for (const char* name : {"INBOX", "Archive", "Archive/2024"}) {
    alice.select(name);
    alice.expunge("1");
  }
  bed.run();
  CHECK(bob.select("INBOX") == 3);
  CHECK(bob.select("Archive") == 4);
  CHECK(bob.select("Archive/2024") == 4);
  CHECK(alice.select("Archive") == 3);
}
