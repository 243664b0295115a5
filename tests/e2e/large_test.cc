// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/e2e/bed.h"

using namespace interimap::bed;

TEST_SUITE_BEGIN("large");

TEST_CASE("10,000 messages in 20 mailboxes, then thousands of changes on both sides") {
  constexpr std::size_t kMailboxes = 20, kEach = 500;
  Bed bed;
  Corpus corpus(1);
  std::vector<std::string> names{"INBOX"};
  for (std::size_t i = 1; i < kMailboxes; ++i)
    names.push_back("tree/" + std::to_string(i % 4) + "/" + std::to_string(i));
  {
    ImapClient alice = bed.alice();
    for (const std::string& name : names) {
      if (name != "INBOX") alice.create(name);
      alice.append(name, corpus.messages(kEach));
      if (corpus.below(2) == 0) alice.subscribe(name);
    }
  }
  Run first = bed.program.run({});
  requireDone(first);
  MESSAGE("first run: ", first.wall.count(), " s");
  checkEqual(bed.here(), bed.there());
  CHECK(bed.there().messages() == kMailboxes * kEach);
  Run second = bed.program.run();
  requireDone(second);
  CHECK_FALSE(second.sent("SELECT"));

  // On each side, over all mailboxes: 1,000 flag changes, 400 expunges, 400 new messages.
  ImapClient clients[] = {bed.alice(), bed.bob()};
  for (ImapClient& client : clients) {
    for (const std::string& name : names) {
      client.append(name, corpus.smallMessages(20));
      client.select(name);
      std::vector<std::uint32_t> uids = client.uids();
      std::string expunged;
      for (int i = 0; i < 20; ++i) {
        expunged += (i > 0 ? "," : "") + std::to_string(uids[corpus.below(uids.size())]);
      }
      client.expunge(expunged);
      uids = client.uids();
      for (int i = 0; i < 50; ++i) {
        client.store(std::to_string(uids[corpus.below(uids.size())]), corpus.below(2) == 0
                                                                          ? "+FLAGS.SILENT (\\Flagged later)"
                                                                          : "-FLAGS.SILENT (\\Seen work)");
      }
    }
  }
  Run changes = bed.program.run({});
  requireDone(changes);
  MESSAGE("changes: ", changes.wall.count(), " s");
  checkEqual(bed.here(), bed.there());
  checkNothingToDo(bed.program);
}

TEST_SUITE_END();
