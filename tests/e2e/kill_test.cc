// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The program killed at every write, and run again: nothing lost, nothing twice, the same end as if nothing
// had happened. INTERIMAP_STOP_AT_WRITE=N makes it die just before its Nth write to a server or the database,
// INTERIMAP_STOP_AFTER_WRITE=N just after.

#include <signal.h>

#include <cstdlib>
#include <string>

#include "tests/e2e/saved_bed.h"

using namespace interimap::bed;

namespace {

constexpr int kMostWrites = 500;

struct KillBed : SavedBed {
  KillBed() : SavedBed({}, {.mailLocation = "sdbox:~/sdbox"}) {}

  // From the state as it is now.
  void killAtEveryWrite() {
    save();
    requireDone(program.run());
    const Snapshot expected = here();
    checkEqual(expected, there());
    for (const std::string when : {"INTERIMAP_STOP_AT_WRITE=", "INTERIMAP_STOP_AFTER_WRITE="}) {
      int n = 1;
      for (; n <= kMostWrites; ++n) {
        INFO(when, n);
        restore();
        Run killed = program.run({"--debug"}, {when + std::to_string(n)});
        if (killed.exitStatus == 0) break;
        INFO("the killed run:\n", killed.log());
        checkConverges(expected);
      }
      MESSAGE(when, ": ", n - 1, " writes");
      CHECK(n > 3);
      CHECK(n <= kMostWrites);
    }
  }
};

}  // namespace

TEST_CASE_FIXTURE(KillBed, "scenario 81, W2: killed at every write of a first sync") {
  NOT_THE_REFERENCE();
  Corpus corpus(1);
  {
    ImapClient first = alice(), second = bob();
    fill(first, corpus, {"INBOX", "a/b"}, 5);
    fill(second, corpus, {"INBOX", "c"}, 4);
    first.subscribe("a/b");
  }
  killAtEveryWrite();
}

TEST_CASE_FIXTURE(KillBed, "scenario 81: killed at every write of an incremental sync") {
  NOT_THE_REFERENCE();
  Corpus corpus(2);
  {
    ImapClient first = alice();
    fill(first, corpus, {"INBOX", "a"}, 12);
  }
  requireDone(program.run());
  edit(alice(), corpus, 1);
  edit(bob(), corpus, 4);
  {
    ImapClient first = alice(), second = bob();
    for (ImapClient* client : {&first, &second}) client->select("INBOX");
    first.store("9", "+FLAGS (\\Seen ours)");
    second.store("9", "FLAGS (\\Draft theirs)");
  }
  killAtEveryWrite();
}

TEST_CASE_FIXTURE(KillBed, "scenario 81, W13: killed at every write of mailbox creation and subscription") {
  NOT_THE_REFERENCE();
  {
    ImapClient first = alice();
    first.create("old");
    first.subscribe("old");
  }
  requireDone(program.run());
  Corpus corpus(3);
  {
    ImapClient first = alice(), second = bob();
    fill(first, corpus, {"new/one", "two"}, 1);
    fill(second, corpus, {"new/three", "Entw&APw-rfe"}, 1);
    first.subscribe("new/one");
    second.subscribe("Entw&APw-rfe");
    second.unsubscribe("old");
  }
  killAtEveryWrite();
}

// INTERIMAP_KILLS of them. A run that was killed is begun again at once, up to twice, and that one is killed,
// too; then comes one that may end.
TEST_CASE_FIXTURE(KillBed, "scenario 81, W2: killed with all its processes at random moments") {
  NOT_THE_REFERENCE();
  const char* wanted = getenv("INTERIMAP_KILLS");
  const int kills = wanted ? std::stoi(wanted) : 24;
  Corpus corpus(4);
  struct Phase {
    std::string name;
    std::chrono::milliseconds wall{};
    Snapshot expected;
  };
  auto phase = [&](const char* name) {
    save(name);
    Run undisturbed = program.run({});
    requireDone(undisturbed);
    Snapshot expected = here();
    checkEqual(expected, there());
    return Phase{name, std::chrono::duration_cast<std::chrono::milliseconds>(undisturbed.wall), expected};
  };
  {
    ImapClient one = alice(), another = bob();
    fill(one, corpus, {"INBOX", "a"}, 60);
    fill(another, corpus, {"INBOX", "b"}, 60);
  }
  Phase first = phase("first");
  edit(alice(), corpus, 1);
  edit(bob(), corpus, 61);
  Phase phases[] = {std::move(first), phase("later")};
  for (int done = 0; done < kills;) {
    const Phase& it = phases[corpus.below(2)];
    CAPTURE(it.name);
    CAPTURE(done);
    restore(it.name);
    for (auto more = 1 + corpus.below(3); more > 0; --more, ++done) {
      BackgroundProcess killed = program.runInBackground({});
      killed.wait(it.wall * corpus.below(110) / 100);
    }
    checkConverges(it.expected);
  }
  MESSAGE(kills, " kills, seed 4");
}
