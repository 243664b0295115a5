// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/show/readable.h"

#include <doctest/doctest.h>

using namespace interimap;

TEST_CASE("names are shown as people know them, and all else as it is") {
  struct {
    const char *text, *shown;
  } table[] = {
      {"", ""},
      {"INBOX", "INBOX"},
      {"Created mailbox Entw&APw-rfe", "Created mailbox Entwürfe"},
      {"&U,BTFw-/&ZeVnLIqe- and &U,BTFw-", "台北/日本語 and 台北"},
      {"&2D3eAA-", "😀"},
      {"R&-D", "R&D"},
      {"R&D", "R&D"},
      {"R&D-x", "R&D-x"},
      {"&", "&"},
      {"&&", "&&"},
      {"&AGE-", "&AGE-"},    // "a" need not be said so
      {"&AAo-", "&AAo-"},    // a control character
      {"&AIU-", "&AIU-"},    // likewise
      {"&2D0-", "&2D0-"},    // half a character
      {"&3gA-", "&3gA-"},    // the other half
      {"&APx-", "&APx-"},    // bits that are left over
      {"&APwA-", "&APwA-"},  // digits that are
      {"&APw", "&APw"},      // cut off
      {"&A P w-", "&A P w-"},
      {"a=1&b=2-3", "a=1&b=2-3"},
      {"&APw-&APw-", "üü"},
  };
  for (const auto& row : table) {
    CAPTURE(row.text);
    CHECK(readable(row.text) == std::string(row.shown));
  }
}
