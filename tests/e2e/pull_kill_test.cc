// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// pullimap killed at every write, and run again: every message exactly once, except those that are named as
// possibly delivered. INTERIMAP_STOP_AT_WRITE=N makes it die just before its Nth write to a server, to
// delivery or the state, INTERIMAP_STOP_AFTER_WRITE=N just after.

#include "tests/e2e/pull_bed.h"

using namespace interimap::bed;

namespace {

constexpr int kMostWrites = 200;
constexpr int kMostRuns = 4;  // until everything is delivered

// The state in which every killed run begins, kept as directories beside those in use.
struct PullKillBed : PullBed {
  explicit PullKillBed(SinkOptions sinkOptions = {}) : PullBed(sinkOptions) {}

  fs::path saved(const char* what) const { return directory.path() / "saved" / what; }

  void save() {
    server.waitUntilIdle();
    makeDirectory(saved(""));
    copyTree(server.home("alice"), saved("alice"));
    copyTree(program.directory() / "data", saved("data"));
  }

  void restore() {
    server.waitUntilIdle();
    for (const auto& [from, to] : {std::pair(saved("alice"), server.home("alice")),
                                   std::pair(saved("data"), program.directory() / "data")}) {
      fs::remove_all(to);
      copyTree(from, to);
    }
    sink.clear();
  }

  // Subjects end in the UID of their message. `status` is that of the last run; `expected` how many are
  // delivered by then.
  void checkDeliveredOnce(std::string log, std::size_t expected, int status) {
    Run run;
    for (int i = 0; i < kMostRuns; ++i) {
      run = program.run();
      log += "---- the next run:\n" + run.log();
      if (run.exitStatus == status) break;
    }
    INFO(log);
    CHECK(run.exitStatus == status);
    const auto named = uidsOf(log, kInDoubt);
    std::set<std::string> all;
    for (const SinkMessage& message : sink.messages()) {
      for (const std::string& recipient : message.recipients) {
        all.insert(headerField(message.text, "Subject") + recipient);
      }
    }
    CHECK(all.size() == expected);
    for (const auto& twice : duplicates(sink.messages())) {
      CAPTURE(twice.first);
      CHECK(named.contains(static_cast<std::uint32_t>(std::stoul(twice.first.substr(1)))));
    }
  }

  // From the state as it is now.
  void killAtEveryWrite(std::size_t expected, int status, const std::vector<std::string>& arguments = {}) {
    save();
    Run undisturbed = program.run(arguments);
    INFO(undisturbed.log());
    REQUIRE(undisturbed.exitStatus == status);
    const auto flags = flagsOf(alice());
    for (const std::string when : {"INTERIMAP_STOP_AT_WRITE=", "INTERIMAP_STOP_AFTER_WRITE="}) {
      int n = 1, named = 0;
      for (; n <= kMostWrites; ++n) {
        INFO(when, n);
        restore();
        Run killed = program.run(arguments, {when + std::to_string(n)});
        if (killed.exitStatus == status) break;
        checkDeliveredOnce(killed.log(), expected, status);
        named += duplicates(sink.messages()).empty() ? 0 : 1;
        CHECK(flagsOf(alice()) == flags);
        std::size_t before = sink.messages().size();
        Run idle = program.run();
        CHECK(idle.exitStatus == status);
        CHECK(idle.changes() == "");
        CHECK(sink.messages().size() == before);
      }
      MESSAGE(when, ": ", n - 1, " writes, after ", named, " of them something came twice");
      CHECK(n > 3);
      CHECK(n <= kMostWrites);
    }
  }
};

}  // namespace

TEST_CASE_FIXTURE(PullKillBed, "killed at every write of a first run; one message is refused") {
  append(mails("m", 6));
  sink.judge([](const SinkEvent& event) -> std::optional<SinkReply> {
    if (event.command != "." || headerField(event.message.text, "Subject") != "m3") return std::nullopt;
    return SinkReply{"554 5.6.0 poison\r\n"};
  });
  killAtEveryWrite(5, 65);
}

TEST_CASE_FIXTURE(PullKillBed, "killed at every write of a run that purges") {
  set({"purge-after = 0"});
  append(mails("m", 3));
  requireDone(program.run());
  sink.clear();
  append({mail("m4"), mail("m5")});
  killAtEveryWrite(2, 0);
}

TEST_CASE("killed at every write of LMTP to two recipients") {
  PullKillBed bed({.lmtp = true});
  bed.set({"deliver-rcpt = ann ben"});
  bed.append(mails("m", 4));
  bed.killAtEveryWrite(8, 0);
}

TEST_CASE_FIXTURE(PullKillBed, "killed at every write while the Perl program's state is taken over") {
  append(mails("m", 5));
  fs::path exported = program.directory() / "exported";
  requireDone(program.run({"--no-delivery", "work"}));
  requireDone(program.run({"--export-statefile=" + exported.string(), "work"}));
  append({mail("m6"), mail("m7")});
  fs::remove(program.state());
  writeFile(program.state(), readFile(exported));
  killAtEveryWrite(2, 0);
}

TEST_CASE("killed at every write of what is for whom the header names, the read left alone") {
  PullKillBed bed;
  bed.set({"rcpt-from = X-Original-To", "rcpt-allow = *@example.test", "filter = unseen", "after = delete",
           "deliver-connections = 2"});
  std::vector<Message> messages = mails("m", 7);
  for (std::size_t i : {0U, 2U}) messages[i].text = "X-Original-To: ann@example.test\r\n" + messages[i].text;
  messages[3].text = "X-Original-To: ann@example.test, ben@example.test\r\n" + messages[3].text;
  messages[5].flags = {"\\Seen"};
  bed.append(messages);
  bed.killAtEveryWrite(7, 0);
}
