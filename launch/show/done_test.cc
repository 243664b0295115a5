// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/show/done.h"

#include <doctest/doctest.h>

using namespace interimap;

TEST_CASE("done, in words") {
  struct {
    Synchronised done;
    const char* text;
  } table[] = {
      {{}, ""},
      {{.mailboxes = 3}, ""},
      {{.copiedToLocal = 1, .copiedToRemote = 2}, "3 copied"},
      {{.flagsUpdated = 1, .expunged = 2, .failed = 3}, "1 flag changes, 2 expunged, 3 failed"},
  };
  for (const auto& row : table) CHECK(doneText(row.done) == row.text);
}

TEST_CASE("pulled, in words and summed up") {
  struct {
    Pulled done;
    const char* text;
  } table[] = {
      {{}, ""},
      {{.octets = 7}, ""},
      {{.delivered = 1, .refused = 2}, "1 delivered, 2 refused"},
      {{.deferred = 1, .unknown = 2, .purged = 3}, "1 deferred, 2 unknown, 3 purged"},
  };
  for (const auto& row : table) CHECK(doneText(row.done) == row.text);
  Pulled total{.delivered = 1, .deferred = 2, .refused = 3, .unknown = 4, .purged = 5, .octets = 6};
  add(total, Pulled(total));
  CHECK(doneText(total) == "2 delivered, 2 deferred, 3 refused, 8 unknown, 10 purged");
  CHECK(total.octets == 12);
}

TEST_CASE("the line with which a run ends") {
  using namespace std::chrono_literals;
  struct {
    Done done;
    std::chrono::milliseconds time;
    const char *did, *would;
  } table[] = {
      {Synchronised{}, 1s, "", ""},
      {Synchronised{.failed = 2, .mailboxes = 3, .held = 1}, 1s, "", ""},
      {Synchronised{
           .copiedToLocal = 2000, .flagsUpdated = 12, .expunged = 3, .octetsToLocal = 31'000'000, .held = 1},
       14s, "Copied 2,000 messages (31 MB) to local, 12 flag changes, 3 expunged in 14 s; 1 held back",
       "Would copy 2,000 messages (31 MB) to local, make 12 flag changes, expunge 3; 1 held back"},
      {Synchronised{.copiedToLocal = 1, .copiedToRemote = 3, .failed = 2, .octetsToRemote = 4096}, 160ms,
       "Copied 1 message to local and 3 messages (4.1 kB) to remote in 0.16 s; 2 failed",
       "Would copy 1 message to local and 3 messages (4.1 kB) to remote; 2 failed"},
      {Synchronised{.flagsUpdated = 1}, 2s, "1 flag change in 2.0 s", "Would make 1 flag change"},
      {Pulled{.deferred = 1}, 1s, "", ""},
      {Pulled{.delivered = 7, .deferred = 1, .purged = 2, .octets = 31'000}, 2s,
       "Delivered 7 messages (31 kB), 2 purged in 2.0 s; 1 deferred", nullptr},
  };
  for (const auto& row : table) {
    CHECK(summaryText(row.done, row.time, Mood::indicative) == row.did);
    if (row.would) CHECK(summaryText(row.done, row.time, Mood::conditional) == row.would);
  }
}
