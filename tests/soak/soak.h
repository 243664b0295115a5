// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A soak: two Dovecots with different delimiters, the program watching between them, random changes on both
// sides, servers that are stopped and killed in between. In the end both are equal, nothing is lost or
// doubled, and the program is no larger than it was.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace interimap::soak {

struct Plan {
  std::chrono::seconds time{60};
  std::string mode = "watch";  // watch: --watch=1; notify: --notify
  double rate = 8;             // changes a second, on average
  std::chrono::seconds between{
      0};  // two outages; 0: a tenth of the time, but neither seldom nor all the time
  std::uint64_t seed = 1;
  bool newer = false;  // Dovecot 2.4 on both sides, instead of 2.3
  bool debug = false;  // say every change; the program's log has what is said to the servers
};

struct Result {
  std::uint64_t changes = 0, restarts = 0;
  std::size_t messages = 0;         // on each side, in the end
  std::vector<std::string> faults;  // empty: passed
  std::string log;                  // of the program
};

// `say` is given a line each minute, and what happens in between. Throws when a server or the program cannot
// be started, or the generator is told what it does not expect.
Result run(const Plan& plan, const std::function<void(const std::string&)>& say);

}  // namespace interimap::soak
