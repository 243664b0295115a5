// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What the prober tries once it is locked in. Each gives 0 if it could, or else errno.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

// Made before the door closes: what a broken-into worker might find lying about.
struct Loot {
  std::string directory;  // of the database, as the confined process sees it
  std::string outside;    // a file beside that directory, as it was called before
  int file = -1;          // `outside`, open for reading
  int above = -1;         // the directory above, open
  int socket = -1;        // connected; `peer` is its other end
  int peer = -1;
  int program = -1;  // an executable file
  pid_t parent = 0;
};

struct Attempt {
  const char* name;
  int (*run)(const Loot&);
};

// attempts_on_processes.cc, attempts_on_files.cc, attempts_on_memory.cc, honest_work.cc.
extern const std::vector<Attempt> attemptsOnProcesses, attemptsOnFiles, attemptsOnMemory, honestWork;

// A system call by its number, as shellcode would make it: 0 or errno.
template <typename... Arguments>
int call(long number, Arguments... arguments);

#include <errno.h>
#include <unistd.h>

template <typename... Arguments>
int call(long number, Arguments... arguments) {
  return syscall(number, arguments...) < 0 ? errno : 0;
}
