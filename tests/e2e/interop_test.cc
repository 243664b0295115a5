// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Our program and the Perl one on the same database, in turns.

#include <unistd.h>

#include "tests/e2e/bed.h"
#include "tests/e2e/oracle.h"

using namespace interimap::bed;

namespace {

bool havePerl() {
  if (access(kPerl, X_OK) == 0 && !isReference()) return true;
  MESSAGE("skipped: needs both programs");
  return false;
}

void change(const Bed& bed, Corpus& corpus) {
  ImapClient clients[] = {bed.alice(), bed.bob()};
  for (ImapClient& client : clients) {
    for (const char* mailbox : {"INBOX", "a/b"}) {
      client.append(mailbox, corpus.smallMessages(3));
      client.select(mailbox);
      std::vector<std::uint32_t> uids = client.uids();
      client.expunge(std::to_string(uids[corpus.below(uids.size() - 1)]));
      client.store(std::to_string(uids.back()), "+FLAGS (\\Answered again)");
      client.store(std::to_string(uids[uids.size() / 2]), "-FLAGS (\\Seen work)");
    }
    client.create("new " + std::to_string(corpus.below(1000000)));
  }
}

struct Interop : Bed {
  Corpus corpus{1};

  Interop() {
    ImapClient first = alice(), second = bob();
    fill(first, corpus, {"INBOX", "a/b"}, 12);
    second.append("INBOX", corpus.smallMessages(12));
    first.subscribe("a/b");
  }

  Run run(bool perl) { return perl ? program.runWith(kPerl) : program.run(); }

  // First one program, then the other finds nothing; then both take turns.
  void takeTurns(bool perlFirst) {
    requireDone(run(perlFirst));
    Run other = run(!perlFirst);
    requireDone(other);
    INFO(other.log());
    CHECK(other.changes() == "");
    for (int round = 0; round < 4; ++round) {
      change(*this, corpus);
      bool perl = (round % 2 == 0) != perlFirst;
      requireDone(run(perl));
      checkEqual(here(), there());
      Run check = run(!perl);
      requireDone(check);
      INFO(check.log());
      CHECK(check.changes() == "");
    }
  }
};

}  // namespace

TEST_CASE_FIXTURE(Interop,
                  "scenario 67: the Perl program finds nothing to do on our database, and both take turns") {
  if (havePerl()) takeTurns(false);
}

TEST_CASE_FIXTURE(Interop,
                  "scenario 67: we find nothing to do on the Perl program's database, and both take turns") {
  if (havePerl()) takeTurns(true);
}
