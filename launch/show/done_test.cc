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
