// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// type=tunnel: a command, usually ssh, that brings an IMAP server to its standard input and output.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "ipc/body.h"

namespace interimap {

// How a command line is run.
struct TunnelCommand {
  std::vector<std::string> arguments;
  bool errorToOutput = false;  // a final " 2>&1" that needed no shell

  // Through /bin/sh -c if the line has something only a shell understands, else split at blanks: a first word
  // "exec" or ".", NAME=, or any of $ & * ( ) { } [ ] ' " ; \ | ? < > ~ ` and an inner newline. Throws
  // Failure(config) "Missing tunnel command" if there is no word in it.
  static TunnelCommand parse(const std::string& line);
};

// The command while it runs, and its end.
class TunnelProcess {
 public:
  // `process`: a pidfd, or none where the kernel has no such thing.
  TunnelProcess(std::string line, Descriptor process)
      : line_(std::move(line)), process_(std::move(process)) {}

  // "; the command `ssh …` ended with status 255", to be told behind an error; empty if it runs on after that
  // time. Once.
  std::string end(std::chrono::milliseconds patience);

 private:
  std::string line_;
  Descriptor process_;
};

struct Tunnel {
  Descriptor connection;
  TunnelProcess process;
};

// Starts the command with one end of a socket pair as its standard input and output, and gives the other one.
// PATH is /usr/bin:/bin; IFS, CDPATH, ENV and BASH_ENV are gone; SIGINT is blocked, since Ctrl-C is for
// launch to handle, everything else is as at a login. The command ends with its input.
// Throws Failure(unavailable) "Can't run COMMAND: reason". Before lock-in.
Tunnel startTunnel(const std::string& line, bool nullStderr);

// Wipes the environment of this process. It was the command's alone: what stands in it may be a password, and
// /proc shows it as long as we live.
void forgetEnvironment();

}  // namespace interimap
