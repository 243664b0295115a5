// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The processes of a program that runs: which worker is which, what they take, and whether any is left.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <thread>

namespace interimap::bed {

// By the name that launch gives them: sync, local, remote, net, delivery. Only those that still live.
std::map<std::string, pid_t> workersOf(pid_t program);

// Processes of the group that have not ended, as "name (state)" with blanks between.
std::string processesOf(pid_t group);

// 'S', 'T', ...; 0 if there is no such process.
char stateOf(pid_t process);

std::chrono::milliseconds processorTime(pid_t process);
std::size_t descriptorsOf(pid_t process);  // how many it holds
// Octets that are its own, be they of its data or of its stack; 0 where only root may look.
std::uint64_t anonymousMemoryOf(pid_t process);
std::size_t wakingsOf(pid_t group);        // how often its processes have gone to sleep, to be woken again

// Looks at the memory of a group of processes for as long as it lives, all the time.
class MemoryWatch {
 public:
  ~MemoryWatch() { stop(); }
  void start(pid_t group);  // may be given to Command::started
  void stop();

  // Octets. Of all processes together, shared pages divided among those who share them: the largest sum that
  // was seen, 0 where only root may look. And the largest that any process has ever had resident.
  std::uint64_t proportional() const { return proportional_; }
  std::uint64_t peak() const { return peak_; }

 private:
  void look(pid_t group);
  std::atomic<bool> stopping_ = false;
  std::atomic<std::uint64_t> proportional_ = 0, peak_ = 0;
  std::thread thread_;
};

}  // namespace interimap::bed
