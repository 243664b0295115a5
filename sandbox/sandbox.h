// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// How a worker gives up everything it does not need. Linux only: no-new-privs, not dumpable, rlimits,
// Landlock where the kernel has it, and a seccomp allow-list that kills.
#pragma once

#include <optional>
#include <string>

namespace interimap::sandbox {

enum class Role { net, sync, delivery };

// The descriptor at which a worker finds the write end of its obituary pipe (one per worker, made by launch).
inline constexpr int kObituary = 6;

// Where sync keeps the timer that says when the machine wakes up, the only thing that it may read().
inline constexpr int kAwakening = 7;

// What this process will be confined to.
struct Cell {
  Role role;
  // If started as root: the user to become (with that user's groups gone, too). Empty, "root" or not root:
  // stay; a root that stays loses its capabilities all the same.
  std::string user;
  // sync only: the directory of the database, the one place it may open files in. As root it becomes the root
  // directory, so that the process needs no right on the directories above it. If it is root's own, closed to
  // all others, and holds nothing but databases, it is given to `user` first. Empty: there is none, and no
  // file is opened.
  std::string directory;
  // Where to leave the number of the system call that this process is killed for: a pipe. -1: nowhere.
  int obituary = -1;
};

// What is in force, for --debug: "seccomp, Landlock ABI 6 (files, network, signals), user nobody".
struct Confinement {
  std::string text;
  // sync: where `directory` is to be found from now on: itself, or "/" after the change of root.
  std::string directory;
};

// To be called once, with everything open that will be needed and no thread started, before the first byte
// from outside is read. From here on SIGPIPE and SIGINT are ignored, only the _r functions of <time.h> may be
// used, and a system call that is not on the role's list (lists.cc) ends the process with SIGSYS.
// Throws std::runtime_error if something that the kernel has cannot be put in force: better no mail than no
// sandbox.
Confinement lockIn(const Cell& cell);

// What a worker that ended with SIGSYS was killed for, read from the other end of its obituary pipe once it
// has been waited for. Nothing if the kernel killed it at once (a call of another architecture), or if what
// is there is no obituary. It is the worker's own word, which may have been broken into: to be shown, no
// more. Never blocks.
std::optional<int> readObituary(int fd);

// The name of a system call, for launch to report what a killed worker was killed for; "system call 1234" if
// unknown.
std::string systemCallName(int number);

}  // namespace interimap::sandbox
