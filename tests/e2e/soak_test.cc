// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A minute of what `make soak` does for an hour; and that its ledger sees what it is there to see.
#include "tests/soak/soak.h"

#include <functional>

#include "tests/e2e/bed.h"
#include "tests/soak/ledger.h"

using namespace interimap;
using namespace interimap::bed;
using soak::Ledger;
using soak::Side;

TEST_CASE(
    "the ledger of a soak: what is lost, doubled, misplaced or back is named; what may be is let pass") {
  struct Row {
    const char* what;
    std::function<void(Ledger&)> done;                       // to message 1, which local appended to a
    std::vector<std::pair<const char*, const char*>> found;  // mailbox, subject
    const char* fault;
  };
  const Row rows[] = {
      {"nothing", [](Ledger&) {}, {{"a", "ember 1"}}, ""},
      {"nothing", [](Ledger&) {}, {}, "a: message 1 is lost"},
      {"nothing", [](Ledger&) {}, {{"a", "ember 1"}, {"b", "ember 1"}}, "a: message 1 is there 2 times: a b"},
      {"nothing", [](Ledger&) {}, {{"b", "ember 1"}}, "a: message 1 is in b"},
      {"nothing",
       [](Ledger&) {},
       {{"a", "ember 1"}, {"b", "ember 2"}},
       "b: a message that nobody appended: ember 2"},
      {"moved", [](Ledger& l) { l.moved(1, "b"); }, {{"b", "ember 1"}}, ""},
      {"renamed", [](Ledger& l) { l.renamed("a", "x/a"); }, {{"x/a", "ember 1"}}, ""},
      {"deleted", [](Ledger& l) { l.deleted("a"); }, {}, ""},
      {"expunged", [](Ledger& l) { l.expunged(1, Side::local); }, {}, ""},
      {"expunged",
       [](Ledger& l) { l.expunged(1, Side::local); },
       {{"a", "ember 1"}},
       "a: message 1 was expunged, and is there"},
      {"expunged there",
       [](Ledger& l) { l.expunged(1, Side::remote); },
       {{"a", "ember 1"}},
       "a: message 1 was expunged, and is there"},
      {"moved here, expunged there",
       [](Ledger& l) { l.moved(1, "b"), l.expunged(1, Side::remote); },
       {{"b", "ember 1"}},
       ""},
      {"on its way at an outage, then expunged",
       [](Ledger& l) { l.outage(), l.expunged(1, Side::remote); },
       {{"a", "ember 1"}},
       ""},
      {"there for long at an outage, then expunged",
       [](Ledger& l) { l.outage(Ledger::Clock::now() + Ledger::kCopied), l.expunged(1, Side::remote); },
       {{"a", "ember 1"}},
       "a: message 1 was expunged, and is there"},
      {"on its way and expunged at an outage",
       [](Ledger& l) { l.expunged(1, Side::remote), l.outage(); },
       {{"a", "ember 1"}},
       ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    Ledger ledger;
    ledger.appended(1, Side::local, "a");
    row.done(ledger);
    Snapshot snapshot;
    for (const auto& [mailbox, subject] : row.found) {
      snapshot.mailboxes[mailbox].messages.push_back({.subject = subject});
    }
    std::string faults;
    for (const std::string& fault : ledger.faults(snapshot)) faults += fault;
    CHECK(faults == row.fault);
  }
}

TEST_CASE("a minute of random changes on both sides, watched; servers are killed and shut down in between") {
  NOT_THE_REFERENCE();
  for (const std::string mode : {"watch", "notify"}) {
    CAPTURE(mode);
    soak::Plan plan{.time = std::chrono::seconds(30), .mode = mode, .rate = 20, .seed = 3};
    soak::Result result = soak::run(plan, [](const std::string& line) { MESSAGE(line); });
    std::string faults;
    for (const std::string& fault : result.faults) faults += fault + "\n";
    INFO(result.log);
    CHECK(faults == "");
  }
}
