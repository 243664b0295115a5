// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// How much memory the processes of a group take together, and the processor time of each, sampled while they
// run.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

namespace interimap::bench {

struct Footprint {
  std::uint64_t processes =
      0;  // octets: the largest sum of the proportional set sizes, shared memory left out
  std::uint64_t withBodies = 0;  // the same with the bodies in what they hold open. One that is only on its
                                 // way, in a socket, is not seen.
  struct Member {
    pid_t process;
    std::string name;
    std::uint64_t peak = 0;    // octets
    double processorTime = 0;  // seconds, to the last sample
  };
  std::vector<Member> members;
  bool readable = true;  // false: some could not be looked into; only root may look into those locked in
};

// Samples every 20 ms, from begin() to end(), in a thread of its own.
class FootprintWatch {
 public:
  FootprintWatch() = default;
  ~FootprintWatch() { end(); }
  void begin(pid_t group);
  Footprint end();

 private:
  void sample();

  pid_t group_ = -1;
  Footprint seen_;
  std::atomic<bool> ended_ = false;
  std::thread thread_;
};

}  // namespace interimap::bench
