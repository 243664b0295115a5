// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The values of list-mailbox, mailbox, deliver-rcpt and deliver-method.
#include "launch/config/list_patterns.h"

#include <algorithm>

#include "ipc/path.h"
#include "launch/config/destination.h"
#include "launch/config/pull_values.h"
#include "tests/fuzz/target.h"

using namespace interimap;
using fuzz::require;

FUZZ(list_patterns) {
  if (auto patterns = parsePatterns(octets))
    for (const auto& pattern : *patterns)
      require(pattern.size() <= octets.size(), "a pattern is no longer than its spelling");
  if (auto mailboxes = parseMailboxes(octets)) require(!mailboxes->empty(), "there is a mailbox");
  if (auto paths = parseForwardPaths(octets)) {
    require(!paths->empty(), "there is a recipient");
    for (const auto& path : *paths) require(ForwardPath::parse(path).has_value(), "a recipient is a path");
  }
  if (auto patterns = parseAddressPatterns(octets)) require(!patterns->empty(), "there is an address");
  if (auto destination = Destination::parse(octets)) require(!destination->host.empty(), "there is a host");
}
