// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Where configuration and state are kept: the XDG base directories.
#pragma once

#include <string>

#include "ipc/exit_status.h"

namespace interimap {

struct BaseDirectory {
  const char* variable;  // of the environment; empty counts as not set
  const char* fallback;  // under $HOME
  ExitStatus trouble;    // how the program ends if it is not to be had
  const char* instead;   // what makes do without it
};

extern const BaseDirectory kConfigHome, kDataHome;

// The directory itself, not checked for anything.
std::string baseDirectory(const BaseDirectory& base);

// `path` itself if it is absolute, else within the program's directory of that base; that of the
// configuration is created with mode 0700 if it is missing, for data see requireDirectory(). Throws Failure:
// "Insecure …" for a path with control characters or a base that is not absolute, "No such directory: …" for
// a base that does not exist (of data, below $HOME: a $HOME that does not) or of which the environment says
// nothing, "Couldn't create …".
std::string resolvePath(const BaseDirectory& base, const std::string& program, const std::string& path);

struct SplitPath {
  std::string directory, name;
};
// Of an absolute path that names a file; throws Failure(config) if it names a directory.
SplitPath splitPath(const std::string& path);

bool isDirectory(const std::string& path);
// The directory where state is to be kept: made, with mode 0700, below kDataHome's base, and that base itself
// below $HOME; throws Failure(cantCreate) if it is elsewhere and not there, or cannot be made.
void requireDirectory(const std::string& directory);

// The directory of the worker programs, beside the one this program is in: BUILD/bin and
// BUILD/libexec/interimap, PREFIX/bin and PREFIX/libexec/interimap.
std::string workerDirectory();

}  // namespace interimap
