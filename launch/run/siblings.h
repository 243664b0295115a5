// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Processes side by side, one for each section of pullimap: each does all that the program would do for that
// section alone, so that what happens to one, a password command that hangs, a crash, never touches another.
// The one before them passes on signals, and speaks to the service manager for all.
#pragma once

#include <sys/types.h>

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "launch/run/service.h"
#include "launch/run/signals.h"
#include "launch/show/log.h"

namespace interimap {

// The exit status for all of them: the gravest. First what only somebody can mend, then what may pass.
int gravest(std::span<const int> statuses);

class Siblings {
 public:
  // What one does; in a process of its own, which ends with what this returns. It uses kPassedOn for its
  // signals.
  using Life = std::function<int(const std::string& name, Service&)>;

  Siblings(Log& log, Signals& signals, Service& service) : log_(log), signals_(signals), service_(service) {}

  // Until all have ended. Throws Failure(internal) if one cannot be started.
  int run(const std::vector<std::string>& names, const Life& life);
  void signal(int number);  // to all that are there

 private:
  struct Sibling {
    std::string name;
    pid_t pid = -1;
    Descriptor words;  // what it would tell the service manager
    bool ready = false, gone = false;
    std::string status = "Starting";
    Service::Clock::time_point alive{};
    int exitStatus = 0;
  };

  void start(const std::string& name, const Life& life);
  void wait();
  void listen(Sibling& sibling);
  void heard(Sibling& sibling, std::string_view message);
  void tell();
  void reap();
  bool running() const;
  bool well(Service::Clock::time_point now) const;

  Log& log_;
  Signals& signals_;
  Service& service_;
  std::vector<Sibling> all_;
};

}  // namespace interimap
