// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/show/log_prefix.h"

#include "tests/fuzz/target.h"

using namespace interimap;

FUZZ(log_prefix) {
  constexpr std::size_t kLongest = 16;  // of what is put in
  octets = octets.substr(0, kLongestLogPrefix);
  std::string prefix = logPrefix(octets, "local", "INBOX");
  fuzz::require(prefix.size() <= (octets.size() + 1) * kLongest, "a prefix is as long as its format, about");
  if (octets.find_first_of("%\\") == octets.npos)
    fuzz::require(prefix == octets, "plain text stays as it is");
}
