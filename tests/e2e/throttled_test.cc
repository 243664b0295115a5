// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Servers that are asked too much: they say so in one way or another, and are left alone for a while. What
// was done before stays done, and in the end both sides are equal.
#include <algorithm>

#include "tests/e2e/bed.h"
#include "tests/e2e/eventually.h"
#include "tests/e2e/lesser_server.h"
#include "tests/e2e/scripted.h"

using namespace interimap::bed;
using namespace std::chrono_literals;
using interimap::ExitStatus;

namespace {

constexpr const char* kExchange = "{tag} BAD Request is throttled. Suggested Backoff Time: 300 milliseconds";

// alice of a good server, and bob of one that says `words` from the n-th command on.
struct Throttled {
  explicit Throttled(LesserOptions options, std::vector<std::string> more = {})
      : lesser(remote.imap(), std::move(options)),
        program(directory / "program", cleartext(local.imap(), "alice"), account(std::move(more))) {
    alice().append("INBOX", Corpus(1).smallMessages(8));
    ImapClient bob = this->bob();
    bob.append("INBOX", Corpus(2).smallMessages(5));
    bob.create("a");
    bob.append("a", Corpus(3).smallMessages(4));
  }
  Account account(std::vector<std::string> more) const {
    Account account = cleartext(lesser.port(), "bob");
    account.more.insert(account.more.end(), more.begin(), more.end());
    return account;
  }
  ImapClient alice() const { return local.client("alice"); }
  ImapClient bob() const { return remote.client("bob"); }
  void checkInSync() const {
    checkEqual(Snapshot::of(alice()), Snapshot::of(bob()));
    checkNothingToDo(program);
  }

  Directory directory;
  Dovecot local{directory / "local"}, remote{directory / "remote"};
  LesserServer lesser;
  Interimap program;
};

LesserOptions saying(LesserOptions options, const char* words, std::size_t from, std::size_t count) {
  options.throttled = words;
  options.throttleFrom = from;
  options.throttleFor = count;
  return options;
}

}  // namespace

TEST_CASE("throttled: wherever it begins, the run goes on where it was") {
  NOT_THE_REFERENCE();
  const struct {
    const char* words;
    std::size_t count;
    LesserOptions options = LesserOptions::gmail("");
  } kCases[] = {
      {kExchange, 7},
      {"{tag} NO [UNAVAILABLE] Service temporarily unavailable", 4, LesserOptions::icloud()},
      {"{tag} NO [LIMIT] Too many commands", 3, LesserOptions::full()},
      {"* BYE Too many commands", 1},
      {"* BYE Request is throttled. Suggested Backoff Time: 200 milliseconds", 1, LesserOptions::icloud()},
  };
  for (const auto& each : kCases)
    for (std::size_t from : {1, 4, 7, 11, 16}) {
      CAPTURE(each.words);
      CAPTURE(from);
      Throttled bed(saying(each.options, each.words, from, each.count));
      Run run = bed.program.run();
      INFO(run.log());
      CHECK(run.exitStatus == 0);
      bool said =
          run.says("waiting, as the server asks; going on at ") || run.says("The server is asked too much");
      CHECK((said || bed.lesser.commands().size() < from));
      CHECK_FALSE(run.says("was refused by"));
      bed.checkInSync();
    }
}

TEST_CASE("throttled: nothing is sent while the server is left alone") {
  NOT_THE_REFERENCE();
  Throttled bed(saying(LesserOptions::gmail(""),
                       "{tag} BAD Request is throttled. Suggested Backoff Time: 3000 milliseconds", 5, 1));
  BackgroundProcess process = bed.program.runInBackground({});
  auto log = [&] { return readFile(bed.program.directory() / "stderr"); };
  REQUIRE(eventually([&] { return log().find("waiting, as the server asks") != std::string::npos; }));
  const std::size_t asked = bed.lesser.commands().size();
  CHECK_FALSE(eventually([&] { return bed.lesser.commands().size() != asked; }, 1500ms));
  CHECK(process.wait(30s).exitStatus == 0);
  bed.checkInSync();
}

TEST_CASE("throttled: longer than max-wait, the run ends and says when to come back") {
  NOT_THE_REFERENCE();
  LesserOptions gmail = LesserOptions::gmail("");
  for (const std::string words :
       {gmail.throttled.c_str(),
        "{tag} BAD Request is throttled. Suggested Backoff Time: 299609 milliseconds",
        "* BYE Request is throttled. Suggested Backoff Time: 299609 milliseconds"}) {
    CAPTURE(words);
    Throttled bed(saying(gmail, words.c_str(), 9, 1), {"max-wait = 60"});
    Run run = bed.program.run();
    INFO(run.log());
    CHECK(run.exitStatus == static_cast<int>(ExitStatus::tryAgain));
    CHECK(run.says(" UTC, which is longer than max-wait. Run again then"));
    CHECK_FALSE(run.says("connection was lost"));
    bed.lesser.change(gmail);
    requireDone(bed.program.run());
    bed.checkInSync();
  }
}

TEST_CASE("throttled: one message that never comes keeps no other back") {
  NOT_THE_REFERENCE();
  Scripted bed;
  Scripted::add(bed.remote, "INBOX", 6, 1);
  for (const char* set : {"1:6", "3"})
    bed.remote.on(std::string("UID FETCH ") + set + " .*BODY\\.PEEK\\[\\]\\)", 0,
                  {.octets = "{tag} NO [UNAVAILABLE] UID FETCH Server error - Please try again later\r\n"});
  Run run = bed.program.run();
  INFO(run.log());
  CHECK(run.exitStatus == static_cast<int>(ExitStatus::tryAgain));
  CHECK(run.says("UID 3: NO [UNAVAILABLE] UID FETCH Server error"));
  CHECK(bed.here().messages() == 5);
  bed.remote.forget();
  bed.checkRecovers();
}

TEST_CASE("throttled: one message that is never taken keeps no other back, and is among the refused") {
  NOT_THE_REFERENCE();
  Scripted bed;
  Scripted::add(bed.local, "INBOX", 6, 1);
  std::string third;
  bed.local.access([&](auto& mailboxes) { third = mailboxes.at("INBOX").messages.at(2).text; });
  bed.remote.refuse([&](const std::string& text) {
    return text == third ? std::string("[UNAVAILABLE] try again later") : std::string();
  });
  Run run = bed.program.run();
  INFO(run.log());
  CHECK(run.exitStatus == static_cast<int>(ExitStatus::tryAgain));
  CHECK(run.says("UID 3 was refused by remote: [UNAVAILABLE] try again later"));
  CHECK(bed.there().messages() == 5);
}
