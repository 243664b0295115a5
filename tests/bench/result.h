// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What is known of one contender after a race.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/bench/footprint.h"
#include "tests/e2e/process.h"

namespace interimap::bench {

struct Traffic {
  std::uint64_t octets = 0;
  unsigned roundTrips = 0;
};

struct Result {
  std::string title;
  std::vector<double> wall, user, system;  // seconds, one per timed run
  Footprint footprint;                     // of the untimed first run
  std::optional<Traffic> local, remote;    // of another untimed run, through the relay
  std::string likeness;                    // of the two accounts after the first run
  std::size_t messages = 0;                // delivered by each run; 0: that is not what is measured
  std::string failure;                     // not empty: there are no figures

  void add(const bed::Outcome& outcome);
  double medianWall() const { return failure.empty() ? median(wall) : 0; }
  static double median(std::vector<double> values);
};

std::string failureOf(const bed::Outcome& outcome);  // empty if it is none

}  // namespace interimap::bench
