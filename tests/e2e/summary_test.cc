// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What a run tells people of itself: how far it is, and at its end what it has done. And those who cannot
// wait.
#include <signal.h>

#include <regex>

#include "tests/e2e/bed.h"
#include "tests/e2e/pull_bed.h"

using namespace interimap::bed;
using namespace std::chrono_literals;

namespace {

bool matches(const std::string& text, const std::string& pattern) {
  return std::regex_search(text, std::regex(pattern));
}

}  // namespace

TEST_CASE("summary: a line of what a run has done, of a dry one what it would; nothing where nothing was") {
  NOT_THE_REFERENCE();
  Bed bed;
  Corpus corpus(1);
  {
    ImapClient alice = bed.alice();
    fill(alice, corpus, {"INBOX"}, 3);
    fill(alice, corpus, {"work"}, 30);
    bed.bob().append("INBOX", corpus.smallMessages(1));
  }
  Run run = bed.program.run({"--dry-run"});
  requireDone(run);
  INFO(run.log());
  CHECK(matches(run.log(), "\nWould copy 1 message \\(.* B\\) to local and 33 messages to remote\n$"));

  run = bed.program.run({});
  requireDone(run);
  CHECK(matches(run.log(),
                "\nCopied 1 message \\([0-9]+ B\\) to local and 33 messages \\([0-9.]+ kB\\) to "
                "remote in [0-9.]+ s\n$"));

  // In cron.
  run = bed.program.run({"--quiet"});
  requireDone(run);
  CHECK(run.log() == "");
  run = bed.program.run({});
  CHECK_FALSE(run.says("opied"));
  CHECK_FALSE(run.says(" s\n"));

  ImapClient alice = bed.alice();
  alice.select("INBOX");
  alice.store("1:2", "+FLAGS (\\Seen)");
  alice.expunge("3");
  run = bed.program.run({"--dry-run"});
  CHECK(run.says("\nWould make 2 flag changes, expunge 1\n"));
  run = bed.program.run({"--dry-run", "--log-format=json"});
  CHECK(run.says(
      R"("dryRun":1,"mailboxes":2,"copiedToLocal":0,"copiedToRemote":0,"flagsUpdated":2,"expunged":1,)"));
  run = bed.program.run({});
  CHECK(matches(run.log(), "\n2 flag changes, 1 expunged in [0-9.]+ s\n$"));

  // What is held back is counted, in the line and elsewhere.
  alice.select("work");
  alice.expunge("1:30");
  alice.append("INBOX", corpus.smallMessages(1));
  run = bed.program.run({"--dry-run", "--log-format=json"});
  CHECK(run.says(R"("failed":0,"held":1,)"));
  run = bed.program.run({});
  INFO(run.log());
  CHECK(matches(run.log(),
                "\nCopied 1 message \\([0-9]+ B\\) to remote in [0-9.]+ s; 1 failed, 1 held back\n$"));
  run = bed.program.run({"--log-format=json"});
  CHECK(run.says(R"("failed":1,"held":1,"octets":0,"octetsToLocal":0,"octetsToRemote":0})"));
}

TEST_CASE("summary: progress tells the share, the rate and the time left") {
  NOT_THE_REFERENCE();
  Bed bed;
  std::string text = bed.program.configuration();
  const std::string remote = "[remote]\n";
  auto at = text.find(remote);
  REQUIRE(at != text.npos);
  text.insert(at + remote.size(), "rate = 400000\n");
  bed.program.configure(text);
  std::vector<Message> messages;
  for (int i = 0; i < 30; ++i)
    messages.push_back({.text = "From: a@example.org\r\nSubject: " + std::to_string(i) + "\r\n\r\n" +
                                std::string(60000, static_cast<char>(97 + i % 26)) + "\r\n",
                        .flags = {},
                        .internalDate = "02-Feb-2021 03:04:05 +0000"});
  bed.alice().append("INBOX", messages);
  Run run = bed.program.run({"--progress=always", "--quiet"});
  INFO(run.log());
  checkStatus(run, 0);
  CHECK(matches(run.log(),
                "[0-9]+ of 30 messages, [0-9.]+[KM] of 1[0-9.]+M \\([0-9]+%\\), [0-9.]+[KM]/s, [0-9.]+ s left"));
}

TEST_CASE("summary: progress of mailboxes tells of each that is copied, and where it goes") {
  NOT_THE_REFERENCE();
  Bed bed;
  Corpus corpus(1);
  {
    ImapClient alice = bed.alice(), bob = bed.bob();
    fill(alice, corpus, {"INBOX", "Entw&APw-rfe"}, 3);
    fill(alice, corpus, {"large"}, 300);
    fill(bob, corpus, {"INBOX"}, 1);
  }
  Run run = bed.program.run({"--progress=mailboxes"});
  requireDone(run);
  INFO(run.log());
  const std::string done = "Done: ";
  for (const char* line :
       {"\nlocal\\(INBOX\\): Done: 1 message \\([0-9]+ B\\) in [0-9.]+ s\n",
        "\nremote\\(INBOX\\): Done: 3 messages \\(", "\nremote\\(Entw\u00fcrfe\\): Done: 3 messages \\(",
        "\nremote\\(large\\): Done: 300 messages \\("})
    CHECK_MESSAGE(matches(run.log(), line), line);
  CHECK_FALSE(run.says("\x1b["));  // no terminal, no line that is drawn again and again
  run = bed.program.run({"--progress=mailboxes"});
  requireDone(run);
  CHECK_FALSE(run.says(done));
}

TEST_CASE("SIGUSR1: news is looked for now") {
  NOT_THE_REFERENCE();
  Bed bed;
  requireDone(bed.program.run());
  BackgroundProcess watcher = bed.program.runInBackground({"--watch=3600", "--debug"});
  auto log = [&] { return readFile(bed.program.directory() / "stderr"); };
  auto looks = [&] {
    std::size_t count = 0;
    const std::string all = log();
    for (std::size_t i = 0; (i = all.find("Clean state!", i)) != all.npos; ++i) ++count;
    return count;
  };
  REQUIRE(eventually([&] { return looks() == 1; }));
  for (std::size_t i = 1; i <= 2; ++i) {
    bed.bob().append("INBOX", Corpus(static_cast<unsigned>(i)).smallMessages(1));
    watcher.signal(SIGUSR1);
    INFO(log());
    CHECK(eventually([&] { return bed.here().messages() == i; }));
    CHECK(eventually([&] { return looks() > i; }));
  }
  // A server that is away is tried again now.
  bed.remote.stop();
  watcher.signal(SIGUSR1);
  INFO(log());
  REQUIRE(eventually([&] { return log().find("trying again in ") != std::string::npos; }));
  bed.remote.start();
  bed.bob().append("INBOX", Corpus(3).smallMessages(1));
  watcher.signal(SIGUSR1);
  CHECK(eventually([&] { return bed.here().messages() == 3; }));
  watcher.signal(SIGTERM);
  CHECK(watcher.wait(20s).exitStatus == 0);
}

TEST_CASE("SIGUSR1: a run that does not stay takes no notice, and pullimap looks, too") {
  NOT_THE_REFERENCE();
  PullBed bed({}, {}, {.capabilities = "IMAP4rev1 UIDPLUS AUTH=PLAIN"});  // no IDLE: asked each minute
  bed.append(mails("a", 1));
  Run run = bed.program.run();
  requireDone(run);
  CHECK(matches(run.log(), "\nwork: Delivered 1 message \\([0-9.]+ k?B\\) in [0-9.]+ s\n$"));
  BackgroundProcess watcher = bed.program.runInBackground({"--debug", "--idle=3600", "work"});
  bed.append(mails("b", 1));
  REQUIRE(eventually([&] { return bed.sink.messages().size() == 2; }));
  bed.append(mails("c", 1));
  auto delivered = [&] {
    watcher.signal(SIGUSR1);
    return bed.sink.messages().size() == 3;
  };
  CHECK(eventually(delivered));
  watcher.signal(SIGTERM);
  CHECK(watcher.wait(20s).exitStatus == 0);
}
