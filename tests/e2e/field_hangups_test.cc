// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Servers that end the connection at one message, one mailbox, one change: it is named, and everything else
// goes on.
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <regex>

#include "tests/e2e/eventually.h"
#include "tests/e2e/pull_scripted.h"
#include "tests/e2e/scripted.h"

using namespace interimap;
using namespace interimap::bed;

namespace {

// No test may depend on how many runs it takes, but for this.
constexpr int kMostRuns = 12;

const Intervention kClose{.octets = "", .close = true};

std::string poison(std::size_t octets = 3000) {
  return "Subject: poison\r\nMessage-ID: <poison@example.net>\r\n\r\n" + std::string(octets, 'x') + "\r\n";
}

// Hangs up where it should show this of a message: "BODY[] ", "BODY[HEADER] ". As long as `on`.
struct Grudge {
  std::string at = "BODY[";
  std::shared_ptr<std::atomic<bool>> on = std::make_shared<std::atomic<bool>>(true);

  FakeOptions options() const {
    FakeOptions options;
    options.rewrite = [*this](const std::string& line) {
      bool hit = *on && line.find(at) != line.npos && line.find("Subject: poison") != line.npos;
      return hit ? "" : line;
    };
    return options;
  }
};

void addPoison(FakeServer& server, const std::string& mailbox) {
  server.access([&](auto& mailboxes) { mailboxes[mailbox].add(poison()); });
}

std::vector<std::string> textsAt(FakeServer& server, const std::string& mailbox) {
  std::vector<std::string> texts;
  server.access([&](auto& mailboxes) {
    for (const FakeMessage& message : mailboxes[mailbox].messages) texts.push_back(message.text);
  });
  std::ranges::sort(texts);
  return texts;
}

// Everything, but for the one message.
void checkTheRest(Scripted& bed, const std::vector<std::string>& mailboxes) {
  for (const std::string& mailbox : mailboxes) {
    CAPTURE(mailbox);
    std::vector<std::string> here = textsAt(bed.local, mailbox), there = textsAt(bed.remote, mailbox);
    for (auto* texts : {&here, &there}) std::erase(*texts, poison());
    CHECK(here == there);
  }
}

// Until nothing is hung up at any more; the first ends with 69. What was said in all.
std::string runUntilLeftOut(const Interimap& program, int most = kMostRuns) {
  Run run = program.run();
  checkStatus(run, ExitStatus::unavailable);
  std::string all = run.log();
  for (int i = 0; i < most; ++i) {
    run = program.run();
    all += run.log();
    if (run.says("connection was lost")) continue;
    checkStatus(run, ExitStatus::tryAgain);
    return all;
  }
  FAIL("the connection is lost at every run:\n" << all);
  return all;
}

void aDayPasses(const Interimap& program) {
  sqlite3* handle = nullptr;
  REQUIRE(sqlite3_open(program.database().c_str(), &handle) == SQLITE_OK);
  CHECK(sqlite3_exec(handle, "UPDATE ours_hangups SET at = at - 90000", nullptr, nullptr, nullptr) ==
        SQLITE_OK);
  sqlite3_close(handle);
}

}  // namespace

TEST_CASE("field 11: a message at which a server hangs up is named, and everything else is copied") {
  NOT_THE_REFERENCE();
  for (const char* at : {"BODY[", "BODY[]"}) {
    CAPTURE(std::string(at));
    Grudge grudge{at};
    Scripted bed({}, grudge.options());
    for (const char* mailbox : {"INBOX", "a", "b"}) {
      Scripted::add(bed.remote, mailbox, 5, 11);
      if (std::string(mailbox) == "a") addPoison(bed.remote, "a");
      Scripted::add(bed.remote, mailbox, 5, 12);
    }
    checkStatus(bed.program.run(), ExitStatus::unavailable);
    Run run = bed.program.run();  // it comes last, and alone
    checkStatus(run, ExitStatus::tryAgain);
    checkTheRest(bed, {"INBOX", "a", "b"});
    run = bed.program.run();
    checkStatus(run, ExitStatus::tryAgain);
    CHECK(run.says("remote(a)"));
    CHECK(run.says("UID 6"));
    CHECK(run.says("left out, and tried again once a day"));
    // From then on all is quiet, and what comes is copied.
    Scripted::add(bed.remote, "a", 2, 13);
    Scripted::add(bed.local, "a", 2, 14);
    run = bed.program.run();
    checkStatus(run, ExitStatus::tryAgain);
    CHECK(run.says("The server hangs up when it is asked for UID 6"));
    CHECK_FALSE(run.says("connection was lost"));
    checkTheRest(bed, {"INBOX", "a", "b"});
    run = bed.program.run();
    CHECK(run.changes() == "");
    // A day later it is tried once, and nothing else suffers.
    aDayPasses(bed.program);
    run = bed.program.run();
    checkStatus(run, ExitStatus::tryAgain);
    CHECK(run.says("connection was lost again"));
    checkStatus(bed.program.run(), ExitStatus::tryAgain);
    // The server has been repaired.
    *grudge.on = false;
    aDayPasses(bed.program);
    bed.checkRecovers();
  }
}

TEST_CASE("field 11: what is left out stays in mind when its mailbox is taken afresh") {
  NOT_THE_REFERENCE();
  Grudge grudge{"BODY[]"};
  Scripted bed({}, grudge.options());
  Scripted::add(bed.remote, "a", 9, 11);
  addPoison(bed.remote, "a");
  Scripted::add(bed.remote, "a", 9, 12);
  runUntilLeftOut(bed.program);
  bed.local.access([](auto& mailboxes) { ++mailboxes["a"].uidValidity; });
  Run run = bed.program.run();
  checkStatus(run, ExitStatus::tryAgain);
  CHECK(run.says("UIDVALIDITY changed"));
  checkTheRest(bed, {"a"});
  // The server has been repaired.
  *grudge.on = false;
  aDayPasses(bed.program);
  bed.checkRecovers();
}

TEST_CASE("field 11: a message that is expunged is not missed, and several are found one by one") {
  NOT_THE_REFERENCE();
  Scripted bed({}, Grudge().options());
  for (int i = 0; i < 3; ++i) {
    Scripted::add(bed.remote, "INBOX", 4, 20 + static_cast<unsigned>(i));
    addPoison(bed.remote, "INBOX");
  }
  Scripted::add(bed.remote, "z", 4, 30);
  runUntilLeftOut(bed.program);
  checkTheRest(bed, {"INBOX", "z"});
  bed.remote.access([](auto& mailboxes) {
    for (std::uint32_t uid : {5, 10, 15}) mailboxes["INBOX"].expunge(uid);
  });
  aDayPasses(bed.program);
  bed.checkRecovers();
}

TEST_CASE("field 11: a known message at which a server hangs up keeps no other away") {
  NOT_THE_REFERENCE();
  Grudge grudge;
  *grudge.on = false;
  Scripted bed({}, grudge.options());
  Scripted::add(bed.remote, "INBOX", 3, 31);
  addPoison(bed.remote, "INBOX");
  requireDone(bed.program.run());
  *grudge.on = true;
  Scripted::add(bed.remote, "INBOX", 3, 32);
  Scripted::add(bed.local, "INBOX", 3, 33);
  for (int i = 0; i < kMostRuns && bed.program.run().says("connection was lost"); ++i) {
  }
  requireDone(bed.program.run());  // nothing is missing
  *grudge.on = false;
  bed.checkRecovers();
  CHECK(textsAt(bed.local, "INBOX").size() == 10);
}

TEST_CASE("field 11: a mailbox at which a server hangs up is named, and the others are synchronised") {
  NOT_THE_REFERENCE();
  Scripted bed;
  for (const char* mailbox : {"INBOX", "a", "b", "c"}) Scripted::add(bed.remote, mailbox, 4, 41);
  bed.remote.on("SELECT b( .*)?$", 0, kClose);
  std::string log = runUntilLeftOut(bed.program);
  CHECK(log.find("remote(b)") != log.npos);
  CHECK(log.find("to select and list this mailbox") != log.npos);
  checkTheRest(bed, {"INBOX", "a", "c"});
  Scripted::add(bed.remote, "c", 4, 42);
  Run run = bed.program.run();
  checkStatus(run, ExitStatus::tryAgain);
  checkTheRest(bed, {"INBOX", "a", "c"});
  bed.remote.forget();
  aDayPasses(bed.program);
  bed.checkRecovers();
}

TEST_CASE("field 11: a change at which a server hangs up leaves all others alone") {
  NOT_THE_REFERENCE();
  struct {
    const char *command, *change;
    bool expunges;
  } table[] = {{"UID STORE .*poisoned.*", "+FLAGS (poisoned)", false}, {"UID EXPUNGE .*", "", true}};
  for (const auto& row : table) {
    CAPTURE(std::string(row.command));
    Scripted bed;
    for (const char* mailbox : {"INBOX", "a"}) Scripted::add(bed.remote, mailbox, 6, 51);
    requireDone(bed.program.run());
    bed.remote.on(row.command, 0, kClose);
    {
      ImapClient alice = bed.alice();
      alice.select("INBOX");
      row.expunges ? alice.expunge("2") : alice.store("2", row.change);
      alice.store("3", "+FLAGS (\\Flagged)");
    }
    Scripted::add(bed.local, "INBOX", 2, 52);
    Scripted::add(bed.remote, "a", 2, 53);
    runUntilLeftOut(bed.program);
    std::size_t flagged = 0;
    bed.remote.access([&](auto& mailboxes) {
      CHECK(mailboxes["INBOX"].messages.size() == 8);
      for (const FakeMessage& message : mailboxes["INBOX"].messages)
        flagged += message.flags.contains("\\Flagged");
    });
    CHECK(flagged == 1);
    CHECK(textsAt(bed.local, "a") == textsAt(bed.remote, "a"));
    bed.remote.forget();
    aDayPasses(bed.program);
    bed.checkRecovers();
  }
}

TEST_CASE("field 11: a copy at which a server hangs up is found among those sent with it") {
  NOT_THE_REFERENCE();
  for (const char* capabilities :
       {"",
        "IMAP4rev1 SASL-IR AUTH=PLAIN LITERAL+ ENABLE CONDSTORE QRESYNC UIDPLUS LIST-EXTENDED "
        "LIST-STATUS UNSELECT"}) {
    CAPTURE(std::string(capabilities));
    FakeOptions options;
    if (*capabilities != 0) options.capabilities = capabilities;
    Scripted bed({}, options);
    Scripted::add(bed.local, "INBOX", 6, 61);
    addPoison(bed.local, "INBOX");
    Scripted::add(bed.local, "INBOX", 6, 62);
    Scripted::add(bed.local, "z", 3, 63);
    bed.remote.on("APPEND .*\\{" + std::to_string(poison().size()) + "\\+?\\}.*", 0, kClose);
    std::string log = runUntilLeftOut(bed.program, 2 * kMostRuns);
    CHECK(log.find("to store copies of local UID 7, and nothing else") != log.npos);
    checkTheRest(bed, {"INBOX", "z"});
    CHECK(bed.there().duplicates().empty());
    bed.remote.forget();
    aDayPasses(bed.program);
    bed.checkRecovers();
  }
}

TEST_CASE("field 14: a server that hangs up at a keyword gets the messages without it, and all others") {
  NOT_THE_REFERENCE();
  const struct {
    const char* name;
    bool refusesStore;
  } kCases[] = {{"at APPEND alone", false}, {"and STORE of it is refused", true}};
  for (const auto& each : kCases) {
    CAPTURE(std::string(each.name));
    Scripted bed;
    Scripted::add(bed.local, "INBOX", 9, 61);
    bed.local.access([&](auto& mailboxes) {
      for (FakeMessage& message : mailboxes["INBOX"].messages)
        mailboxes["INBOX"].setFlags(message, {"\\Seen", message.uid % 3 == 0 ? "toomany" : "label"});
    });
    bed.remote.on("APPEND .*toomany.*", 0, kClose);
    if (each.refusesStore)
      bed.remote.on("UID STORE .*toomany.*", 0, {.octets = "{tag} NO Too many user flags in mailbox\r\n"});
    checkStatus(bed.program.run(), ExitStatus::unavailable);
    Run run = bed.program.run();
    INFO(run.log());
    CHECK(run.exitStatus == (each.refusesStore ? 75 : 0));
    CHECK(run.says("Couldn't update flags (toomany)") == each.refusesStore);
    CHECK(textsAt(bed.local, "INBOX") == textsAt(bed.remote, "INBOX"));
    auto count = [](FakeServer& server, const char* flag) {
      std::size_t found = 0;
      server.access([&](auto& mailboxes) {
        for (const FakeMessage& message : mailboxes["INBOX"].messages) found += message.flags.count(flag);
      });
      return found;
    };
    CHECK(count(bed.local, "toomany") == 3);
    CHECK(count(bed.remote, "toomany") == (each.refusesStore ? 0 : 3));
    for (FakeServer* server : {&bed.local, &bed.remote}) {
      CHECK(count(*server, "\\Seen") == 9);
      CHECK(count(*server, "label") == 6);
    }
    checkNothingToDo(bed.program);
  }
}

TEST_CASE("field 11: a line that is cut leaves nothing out") {
  NOT_THE_REFERENCE();
  for (const char* command : {"SELECT .*", "UID FETCH .*", "APPEND .*", "UID STORE .*"}) {
    CAPTURE(std::string(command));
    Scripted bed;
    for (const char* mailbox : {"INBOX", "a"}) Scripted::add(bed.remote, mailbox, 20, 71);
    requireDone(bed.program.run());
    for (unsigned nth = 1; nth < 4; ++nth) {
      Scripted::add(bed.local, "a", 10, 72 + nth);
      {
        ImapClient alice = bed.alice();
        alice.select("INBOX");
        alice.store(std::to_string(nth), "+FLAGS (\\Flagged)");
      }
      bed.remote.on(command, 1, kClose);
      checkStatus(bed.program.run(), ExitStatus::unavailable);
      bed.remote.forget();
      bed.checkRecovers();
    }
  }
}

TEST_CASE("field 11: a watcher does not stop at what a server hangs up at") {
  NOT_THE_REFERENCE();
  Scripted bed({}, Grudge().options());
  Scripted::add(bed.remote, "INBOX", 3, 81);
  addPoison(bed.remote, "INBOX");
  Scripted::add(bed.remote, "INBOX", 3, 82);
  BackgroundProcess watcher = bed.program.runInBackground({"--watch=1"});
  auto copied = [&](std::size_t count) {
    return eventually([&] { return textsAt(bed.local, "INBOX").size() == count; }, std::chrono::minutes(2));
  };
  CHECK(copied(6));
  Scripted::add(bed.remote, "INBOX", 1, 83);
  CHECK(copied(7));
}

TEST_CASE("field 11: Dovecot and a mail file that it may not read") {
  NOT_THE_REFERENCE();
  if (geteuid() != 0) {
    MESSAGE("skipped: for root");
    return;
  }
  Bed bed;
  {
    ImapClient bob = bed.bob();
    Corpus corpus(91);
    fill(bob, corpus, {"INBOX", "a", "b"}, 4);
  }
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(bed.remote.home("bob") / "Maildir/.a"))
    if (entry.path().filename().string().find(",S=") != std::string::npos) files.push_back(entry.path());
  REQUIRE(files.size() == 4);
  std::ranges::sort(files);
  const fs::path file = files[1];
  struct stat before {};
  REQUIRE(stat(file.c_str(), &before) == 0);
  REQUIRE(chown(file.c_str(), 0, 0) == 0);
  REQUIRE(chmod(file.c_str(), 0600) == 0);
  for (int i = 0; i < 4; ++i) bed.program.run();
  CHECK(bed.here().mailboxes.at("INBOX").messages.size() == 4);
  CHECK(bed.here().mailboxes.at("a").messages.size() == 3);
  CHECK(bed.here().mailboxes.at("b").messages.size() == 4);
  Run run = bed.program.run();
  checkStatus(run, ExitStatus::tryAgain);
  REQUIRE(chown(file.c_str(), before.st_uid, before.st_gid) == 0);
  aDayPasses(bed.program);
  synchronise(bed);
}

TEST_CASE("field 11: pullimap delivers everything but the message at which the server hangs up") {
  NOT_THE_REFERENCE();
  Grudge grudge;
  PullScripted bed({}, grudge.options());
  const std::string before = "Subject: before\r\n\r\nx\r\n", after = "Subject: after\r\n\r\nx\r\n",
                    later = "Subject: later\r\n\r\nx\r\n";
  for (const std::string& text : {before, poison(), after}) bed.add(text);
  Run run = bed.program.run();
  checkStatus(run, ExitStatus::unavailable);
  CHECK(run.says("The connection was lost when the server was asked for UID 2"));
  checkStatus(bed.program.run(), ExitStatus::tryAgain);
  CHECK(bed.sink.messages().size() == 2);  // each once
  run = bed.program.run();
  checkStatus(run, ExitStatus::tryAgain);
  CHECK(run.says("left out, and tried again once an hour"));
  bed.add(later);
  run = bed.program.run();
  checkStatus(run, ExitStatus::tryAgain);
  CHECK_FALSE(run.says("connection was lost"));
  CHECK(bed.sink.messages().size() == 3);
}
