// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What `bench` is asked to do.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace interimap::bench {

struct Options {
  std::size_t rounds = 3;  // timed ones; their median counts
  std::size_t messages = 10'000;
  std::size_t mailboxes = 20;
  std::size_t million = 1'000'000;  // messages of the races on one huge mailbox
  std::size_t pulled = 2'000;       // messages of the pull races
  std::size_t largest = 100'000;    // mailbox of the plots
  std::string plots;                // the directory for them; empty: none
  // Names of races, of contenders, or of both; none: all that are run by default.
  std::vector<std::string> only;

  // `known` are the names that --only takes. Throws std::invalid_argument with a line for the user.
  static Options parse(const std::vector<std::string>& arguments, const std::vector<std::string>& known);

  // Whether `name`, one of `group`, is asked for: named, or none of its group is and it is `byDefault`.
  bool wants(const std::string& name, const std::vector<std::string>& group, bool byDefault) const;
};

}  // namespace interimap::bench
