// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Changes reach the other side while the program runs: --watch, --notify over NOTIFY, --notify over IDLE.
#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <utility>
#include <vector>

#include "tests/e2e/bed.h"
#include "tests/e2e/eventually.h"
#include "tests/e2e/scripted.h"
#include "tests/e2e/workers.h"

using namespace interimap::bed;
using namespace std::chrono_literals;

namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

// What Dovecot offers, but for NOTIFY.
constexpr const char* kWithoutNotify =
    "IMAP4rev1 SASL-IR LITERAL+ ENABLE IDLE CONDSTORE QRESYNC UIDPLUS LIST-EXTENDED LIST-STATUS MULTIAPPEND "
    "UNSELECT";
constexpr auto kPatience = 60s;

void sleepFor(std::chrono::milliseconds time) { poll(nullptr, 0, static_cast<int>(time.count())); }

// Two accounts with something in them, and a program that watches them.
struct Watching : Bed {
  explicit Watching(std::vector<std::string> arguments, DovecotOptions options = {},
                    std::vector<std::string> lines = {})
      : Bed(options, options, std::move(lines)), corpus(1) {
    {
      ImapClient client = alice();
      fill(client, corpus, {"INBOX", "work", "work/sub", "Entw&APw-rfe"}, 5);
    }
    requireDone(program.run());  // a watcher makes no database
    arguments.push_back("--debug");
    process = program.runInBackground(std::move(arguments));
    settle("the first round");
    sleepFor(1500ms);  // and the notifications of its own changes
  }

  std::string log() const { return readFile(program.directory() / "stderr"); }

  // Until both sides are equal and `also` holds; how long that took.
  Seconds settle(const std::string& what, const std::function<bool()>& also = {}) {
    auto begin = Clock::now();
    while (true) {
      std::string differing;
      try {
        Snapshot mine = here(), yours = there();
        differing = mine.messages() > 0 ? difference(mine, yours) : "no messages";
      } catch (const std::runtime_error& gone) {  // expunged while we looked
        differing = gone.what();
      }
      if (differing.empty() && (!also || also())) return Clock::now() - begin;
      if (Clock::now() - begin > kPatience || !process.running())
        FAIL(what << ": " << differing << "\n" << log());
      sleepFor(50ms);
    }
  }

  // How long a message to `mailbox` of one side takes to be seen at the other.
  Seconds delayOf(const std::string& mailbox, ImapClient& from, ImapClient& to) {
    auto status = "STATUS " + ImapClient::quoted(mailbox) + " (MESSAGES)";
    auto before = to.command(status).responses;
    from.append(mailbox, corpus.smallMessages(1));
    auto begin = Clock::now();
    while (to.command(status).responses == before && Clock::now() - begin < kPatience) sleepFor(2ms);
    return Clock::now() - begin;
  }

  void end() {
    CHECK(process.running());
    process.signal(SIGTERM);
    Outcome outcome = process.wait(10s);
    INFO(log());
    CHECK(outcome.exitStatus == 0);
  }

  Corpus corpus;
  BackgroundProcess process;
};

void changeEverything(Watching& bed) {
  ImapClient alice = bed.alice(), bob = bed.bob();
  // By a connection of its own each time: a server may close one whose mailbox is expunged or renamed
  // meanwhile.
  auto names = [](const std::function<Snapshot()>& look) {
    for (auto begin = Clock::now();; sleepFor(50ms)) {
      try {
        return look().mailboxes;
      } catch (const std::runtime_error& gone) {
        INFO(gone.what());
        REQUIRE(Clock::now() - begin < kPatience);
      }
    }
  };
  auto mine = [&] { return names([&] { return bed.here(); }); };
  auto yours = [&] { return names([&] { return bed.there(); }); };

  alice.append("work", bed.corpus.smallMessages(3));
  bob.append("INBOX", bed.corpus.smallMessages(2));
  bed.settle("new mail");
  CHECK(bed.here().messages() == 25);

  alice.select("work");
  alice.store("2", "+FLAGS (\\Flagged later)");
  bob.select("Entw&APw-rfe");
  bob.store("3", "+FLAGS (\\Answered)");
  bed.settle("flags");

  alice.expunge("1");
  bob.expunge("4");
  alice.command("UNSELECT");
  bob.command("UNSELECT");
  bed.settle("expunges");
  CHECK(bed.here().messages() == 23);

  alice.create("new/mine");
  alice.append("new/mine", bed.corpus.smallMessages(2));
  bob.create("theirs");
  bed.settle("new mailboxes", [&] { return yours().contains("new/mine"); });
  CHECK(mine().contains("theirs"));

  alice.subscribe("work");
  bob.subscribe("theirs");
  bed.settle("subscriptions", [&] { return yours().at("work").subscribed; });
  CHECK(mine().at("theirs").subscribed);
  bob.unsubscribe("work");
  bed.settle("a subscription that ended", [&] { return !mine().at("work").subscribed; });

  // Followed, not copied.
  alice.command("RENAME new/mine new/ours");
  for (auto begin = Clock::now(); !yours().contains("new/ours");) {
    REQUIRE(Clock::now() - begin < kPatience);
    sleepFor(50ms);
  }
  CHECK_FALSE(yours().contains("new/mine"));
  CHECK(yours().at("new/ours").messages.size() == 2);
  CHECK(bed.log().find("ERROR") == std::string::npos);
  CHECK(bed.delayOf("work", bob, alice) < kPatience);
}

}  // namespace

TEST_CASE("scenario 89: --watch, every kind of change, both ways") {
  Watching bed({"--watch=1"});
  changeEverything(bed);
  bed.end();
}

TEST_CASE("scenario 90, W8, W41: --notify, every kind of change, both ways") {
  Watching bed({"--notify"});
  CHECK(bed.log().find("C: ") != std::string::npos);
  CHECK(bed.log().find("NOTIFY SET") != std::string::npos);
  changeEverything(bed);
  bed.end();
}

TEST_CASE("scenario 90: --notify, no message is missed, whatever its mailbox, and none waits for a poll") {
  struct Row {
    const char* capabilities;
    std::vector<std::string> mailboxes;
    std::vector<std::string> lines = {};
  };
  for (const Row& row :
       {Row{"", {"INBOX", "work", "work/sub", "Entw&APw-rfe"}},
        {kWithoutNotify, {"INBOX"}},
        {kWithoutNotify, {"INBOX", "work", "work/sub", "Entw&APw-rfe"}, {"idle-mailboxes = Entw* work*"}}}) {
    std::string how = *row.capabilities == '\0' ? "NOTIFY" : "IDLE";
    CAPTURE(how);
    if (!row.lines.empty() && isReference()) continue;
    Watching bed({"--notify"}, {.capabilities = row.capabilities}, row.lines);
    ImapClient alice = bed.alice(), bob = bed.bob();
    std::vector<double> delays;
    for (std::size_t i = 0; i < 12; ++i) {
      const std::string& mailbox = row.mailboxes[i / 2 % row.mailboxes.size()];
      delays.push_back(
          (i % 2 == 0 ? bed.delayOf(mailbox, alice, bob) : bed.delayOf(mailbox, bob, alice)).count());
      sleepFor(std::chrono::milliseconds(bed.corpus.below(800)));
    }
    std::sort(delays.begin(), delays.end());
    MESSAGE(how << ": a message is there after " << delays.front() << " to " << delays.back()
                << " s, half of them within " << delays[delays.size() / 2]);
    CHECK(delays.back() < 3);
    bed.settle("the end");
    bed.end();
  }
}

TEST_CASE("idle-mailboxes: a connection that is lost, or refused, ends nothing, and the others go on") {
  NOT_THE_REFERENCE();
  SUBCASE("lost") {
    Watching bed({"--notify"}, {.capabilities = kWithoutNotify}, {"idle-mailboxes = work work/sub nothing*"});
    auto idles = [&] { return workersOf(bed.process.pid()); };
    REQUIRE(eventually([&] { return idles().contains("remote/idle2") && idles().contains("local/idle2"); }));
    CHECK_FALSE(idles().contains("remote/idle3"));
    CHECK(bed.log().find("No mailbox that is synchronised falls under idle-mailboxes = nothing*") !=
          std::string::npos);
    kill(idles().at("remote/idle1"), SIGKILL);
    CHECK(eventually([&] {
      return bed.log().find("remote/idle1: WARNING: Going on without this connection: ") != std::string::npos;
    }));
    ImapClient alice = bed.alice(), bob = bed.bob();
    CHECK(bed.delayOf("work/sub", bob, alice) < kPatience);
    CHECK(eventually([&] { return bed.log().find("It is made again in 30 s") != std::string::npos; }));
    bed.settle("the end");
    CHECK(bed.log().find("ERROR") == std::string::npos);
    bed.end();
  }
  SUBCASE("refused: the server bears one connection") {
    Bed bed({.capabilities = kWithoutNotify},
            {.capabilities = kWithoutNotify, .extra = "protocol imap {\n mail_max_userip_connections = 1\n}"},
            {"idle-mailboxes = *"});
    ImapClient alice = bed.alice();
    Corpus corpus(1);
    fill(alice, corpus, {"INBOX", "work"}, 2);
    requireDone(bed.program.run());
    bed.remote.waitUntilIdle();
    BackgroundProcess watcher = bed.program.runInBackground({"--notify"});
    auto log = [&] { return readFile(bed.program.directory() / "stderr"); };
    CHECK(eventually([&] {
      return log().find("remote/idle1: WARNING: Going on without this connection: ") != std::string::npos;
    }));
    alice.append("work", corpus.smallMessages(1));
    // Without a session, which the server would not bear beside.
    CHECK(eventually([&] {
      Outcome status = bed.remote.doveadm({"mailbox", "status", "-u", "bob", "messages", "work"});
      return status.output.find("messages=3") != std::string::npos;
    }));
    watcher.signal(SIGTERM);
    Outcome outcome = watcher.wait(10s);
    INFO(log());
    CHECK(outcome.exitStatus == 0);
    CHECK(log().find("ERROR") == std::string::npos);
    bed.remote.waitUntilIdle();
    CHECK(bed.there().mailboxes.at("work").messages.size() == 3);
  }
}

TEST_CASE("idle-mailboxes: a mailbox that cannot be selected is named; without IDLE, this is said") {
  NOT_THE_REFERENCE();
  FakeOptions idles;
  idles.capabilities += " IDLE";
  Scripted bed(idles, {}, {"idle-mailboxes = w*"});
  for (const char* name : {"INBOX", "work"}) Scripted::add(bed.local, name, 2, 1);
  requireDone(bed.program.run());
  bed.local.on("EXAMINE \"?work", 0, {.octets = "{tag} NO [NOPERM] not for you\r\n"});
  BackgroundProcess watcher = bed.program.runInBackground({"--notify"});
  auto log = [&] { return readFile(bed.program.directory() / "stderr"); };
  CHECK(eventually([&] {
    return log().find(
               "local/idle1: WARNING: no news of mailbox work, which cannot be selected: "
               "NO [NOPERM] not for you") != std::string::npos;
  }));
  CHECK(eventually([&] {
    return log().find("remote: WARNING: The server has no IDLE: idle-mailboxes does nothing") !=
           std::string::npos;
  }));
  watcher.signal(SIGTERM);
  CHECK(watcher.wait(10s).exitStatus == 0);
}

// A server notifies what differs from what it last told: not our change that somebody undid at once. It does
// not matter how we had come to make it: by news, or, as news came late, by a look that was due anyway.
TEST_CASE("scenario 90: --notify, what is undone as soon as we did it is noticed") {
  NOT_THE_REFERENCE();
  for (bool late : {false, true}) {
    CAPTURE(late);
    Watching bed({"--notify"});
    ImapClient alice = bed.alice(), bob = bed.bob();
    auto subscribed = [](ImapClient& client) { return Snapshot::of(client).mailboxes.at("work").subscribed; };
    REQUIRE_FALSE(subscribed(alice));
    const pid_t local = workersOf(bed.process.pid()).at("local");
    if (late) {
      bob.append("work", bed.corpus.smallMessages(1));
      bed.settle("news of the other side");
      REQUIRE(kill(local, SIGSTOP) == 0);
    }
    alice.subscribe("work");
    if (late) {
      sleepFor(4s);
      REQUIRE(kill(local, SIGCONT) == 0);
    }
    for (auto begin = Clock::now(); !subscribed(bob); sleepFor(2ms))
      REQUIRE(Clock::now() - begin < kPatience);
    sleepFor(100ms);
    bob.unsubscribe("work");
    for (auto begin = Clock::now(); subscribed(alice); sleepFor(50ms)) {
      INFO(bed.log());
      REQUIRE(Clock::now() - begin < kPatience);
    }
    CHECK_FALSE(subscribed(bob));
    bed.end();
  }
}

TEST_CASE("scenario 91, W17: a server that is restarted while it is watched is found again") {
  NOT_THE_REFERENCE();
  for (const std::string argument : {"--watch=1", "--notify"}) {
    CAPTURE(argument);
    Watching bed({argument});
    bed.remote.restart();
    bed.alice().append("work", bed.corpus.smallMessages(2));
    bed.settle("after the restart");
    bed.bob().append("work", bed.corpus.smallMessages(2));
    bed.settle("as before it");
    CHECK(bed.here().messages() == 24);
    bed.end();
  }
}

TEST_CASE("max-pause: a watcher waits no longer than that for a server that is away") {
  NOT_THE_REFERENCE();
  Watching bed({"--notify"}, {}, {"max-pause = 2"});
  bed.remote.stop();
  auto pauses = [&] {
    std::vector<int> all;
    const std::string log = bed.log(), before = "trying again in ";
    for (auto at = log.find(before); at != log.npos; at = log.find(before, at + 1))
      all.push_back(std::stoi(log.substr(at + before.size())));
    return all;
  };
  CHECK(eventually([&] { return pauses().size() >= 5; }));
  CHECK(std::ranges::all_of(pauses(), [](int pause) { return pause >= 1 && pause <= 2; }));
  bed.remote.start();
  bed.alice().append("work", bed.corpus.smallMessages(1));
  bed.settle("when it is there again");
  bed.end();
}
