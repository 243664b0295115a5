// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The worker processes: starting one, and what there is to say when it is gone.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ipc/body.h"
#include "ipc/channel.h"
#include "ipc/exit_status.h"
#include "launch/run/spoken.h"

namespace interimap {

enum class Role {
  sync,
  local,     // interimap's nets
  remote,    //
  net,       // pullimap's
  delivery,  //
};
std::string_view roleName(Role role);
std::string_view programName(Role role);  // "sync", "net", "delivery"

struct Worker {
  pid_t pid = -1;
  std::optional<Channel> channel;
  Descriptor obituary;  // to be read once the process is gone
  Spoken spoken;        // on its standard error
};

// What of our environment a worker gets.
enum class Inherits {
  needed,      // what the loader and the libraries of a worker look at, and nothing that a secret may be in
  everything,  // for a net that starts the command of a tunnel; it forgets it then
};

// Starts the program `directory`/programName(role), called `name` for people who look at ps. It gets its
// channel to launch at Channel::kToLaunch, those to its `peers` (moved away: launch keeps none of them) from
// Channel::kFirstPeer on, its obituary pipe at sandbox::kObituary, a pipe for standard error, and /dev/null
// for standard input and output; nothing else that is open here. Signals that end a process group are ignored
// in it: it ends when its channel does. Throws Failure(internal) if it cannot be started.
Worker spawn(const std::string& directory, Role role, std::string name, std::vector<Descriptor> peers,
             Inherits inherits = Inherits::needed);

// How a worker ended.
struct Death {
  std::optional<ExitStatus> said;  // by an Ended report
  int waitStatus = 0;              // of waitpid()
  std::optional<int> systemCall;   // from its obituary
  bool killed = false;             // by us, with the reason told already
};

// What to tell of a death that nobody else has told of: "killed by signal SIGSEGV". Nothing if the worker
// said why itself, or ended quietly because a peer was gone.
std::optional<std::string> causeOfDeath(const Death& death);

}  // namespace interimap
