// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What both programs do to themselves before anything else, and what there is to say of a process's end.
#pragma once

#include <string>

namespace interimap {

// Makes sure that standard input, output and error are open, so that no other file gets their numbers; sets
// PATH, and removes what would change how a shell reads a tunnel command: IFS, CDPATH, ENV, BASH_ENV.
void cleanProcess();

// Throws Failure(tryAgain) if the processes of a run may not have enough descriptors to begin with. Takes as
// many as it may get.
void requireDescriptors();

std::string signalName(int number);  // "SIGSEGV", or the number

}  // namespace interimap
