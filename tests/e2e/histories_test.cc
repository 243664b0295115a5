// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Acceptance scenario 88: whatever people do on both sides, in whatever order, one run makes them equal. (For
// hours, and while a watcher runs: `make soak`.)
#include "tests/e2e/bed.h"

using namespace interimap::bed;

namespace {

// Somebody at one of the two accounts, doing things at random.
struct Person {
  ImapClient client;
  Corpus& corpus;
  char delimiter;
  std::vector<std::string> mailboxes;  // of this side, selectable

  Person(ImapClient at, Corpus& random, char delimiterThere)
      : client(std::move(at)), corpus(random), delimiter(delimiterThere) {
    for (const auto& [name, state] : Snapshot::of(client).mailboxes) {
      mailboxes.push_back(name);
      for (char& c : mailboxes.back()) c = c == '/' ? delimiter : c;
    }
  }

  std::string any() { return mailboxes[corpus.below(mailboxes.size())]; }

  // Of the selected mailbox.
  std::string someUids(std::vector<std::uint32_t> uids, std::size_t most) {
    std::string set;
    for (std::size_t i = 0; i < most && !uids.empty(); ++i)
      set += (i == 0 ? "" : ",") + std::to_string(uids[corpus.below(uids.size())]);
    return set;
  }

  void act() {
    std::string mailbox = any();
    if (corpus.below(8) == 0) {
      std::string name = "made" + std::string(1, delimiter) + std::to_string(corpus.below(6));
      if (client.tryCommand("CREATE " + ImapClient::quoted(name)).ok()) mailboxes.push_back(name);
      if (corpus.below(2) == 0) client.tryCommand("SUBSCRIBE " + ImapClient::quoted(name));
      return;
    }
    if (corpus.below(3) == 0) return client.append(mailbox, corpus.smallMessages(1 + corpus.below(4)));
    client.select(mailbox);
    std::string some = someUids(client.uids(), 1 + corpus.below(4));
    if (some.empty()) return;
    switch (corpus.below(6)) {
      case 0: return client.expunge(some);
      case 1: client.command("UID MOVE " + some + " " + ImapClient::quoted(any())); return;
      case 2: return client.store(some, "FLAGS (\\Seen k" + std::to_string(corpus.below(4)) + ")");
      case 3: return client.store(some, "-FLAGS (\\Seen work later)");
      default: return client.store(some, "+FLAGS (\\Flagged k" + std::to_string(corpus.below(4)) + ")");
    }
  }
};

}  // namespace

TEST_CASE("scenario 88: random changes on both sides, over many rounds") {
  constexpr int kRounds = 15;
  for (std::uint64_t seed : {1u, 2u}) {
    CAPTURE(seed);
    Bed bed({.delimiter = '/', .mailLocation = "sdbox:~/sdbox"}, {.delimiter = '.'});
    Corpus corpus(seed);
    {
      ImapClient alice = bed.alice();
      fill(alice, corpus, {"INBOX", "work/sub", "Entw&APw-rfe"}, 10);
    }
    synchronise(bed);
    for (int round = 0; round < kRounds; ++round) {
      CAPTURE(round);
      {
        Person people[] = {{bed.alice(), corpus, '/'}, {bed.bob(), corpus, '.'}};
        for (std::uint64_t acts = 4 + corpus.below(16); acts > 0; --acts) people[corpus.below(2)].act();
      }
      Run run = bed.program.run({});
      requireDone(run);
      INFO(run.log());
      CHECK(difference(bed.here(), bed.there()) == "");
    }
    checkNothingToDo(bed.program);
  }
}
