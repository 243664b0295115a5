// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Locks itself in like a worker and then tries one thing.
//
//   prober ROLE USER ABOVE ATTEMPT
//
// ABOVE is a directory with the file `outside` and the directory `state`, which is the database's. Exit
// status: 0 if it could, errno if it could not; kNotLockedIn if lockIn refused, with its reason on standard
// error.
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <exception>
#include <stdexcept>

#include "sandbox/sandbox.h"
#include "tests/sandbox/attempts.h"
#include "tests/sandbox/exit.h"

using namespace interimap::sandbox;

namespace {

Role role(const std::string& name) {
  if (name == "net") return Role::net;
  if (name == "sync") return Role::sync;
  if (name == "delivery") return Role::delivery;
  throw std::runtime_error("no role " + name);
}

const Attempt& attempt(std::string_view name) {
  for (const auto* attempts : {&attemptsOnProcesses, &attemptsOnFiles, &attemptsOnMemory, &honestWork})
    for (const Attempt& one : *attempts)
      if (one.name == name) return one;
  throw std::runtime_error("no attempt " + std::string(name));
}

Loot collect(const std::string& above) {
  Loot loot;
  loot.outside = above + "/outside";
  loot.file = open(loot.outside.c_str(), O_RDONLY | O_CLOEXEC);
  loot.above = open(above.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  loot.program = open("/bin/true", O_RDONLY | O_CLOEXEC);
  loot.parent = getppid();
  int ends[2];
  if (loot.file < 0 || loot.above < 0 || loot.program < 0 ||
      socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    throw std::runtime_error(strerror(errno));
  loot.socket = ends[0];
  loot.peer = ends[1];
  return loot;
}

}  // namespace

int main(int count, char** arguments) try {
  if (count != 5) throw std::runtime_error("ROLE USER ABOVE ATTEMPT");
  Role itsRole = role(arguments[1]);
  const Attempt& itsAttempt = attempt(arguments[4]);
  Loot loot = collect(arguments[3]);
  try {
    std::string directory = itsRole == Role::sync ? std::string(arguments[3]) + "/state" : "";
    loot.directory = lockIn({itsRole, arguments[2], directory, kObituary}).directory;
  } catch (const std::exception& reason) {
    fprintf(stderr, "%s\n", reason.what());
    return kNotLockedIn;
  }
  return itsAttempt.run(loot);
} catch (const std::exception& reason) {
  fprintf(stderr, "prober: %s\n", reason.what());
  return kMistake;
}
