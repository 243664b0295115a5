// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/program.h"

#include <time.h>
#include <unistd.h>

#include <string>

#include "launch/show/escape.h"
#include "launch/show/journal.h"
#include "launch/show/log.h"

namespace interimap {

namespace {

// What ends the program before there is a log.
void showLine(std::string_view text) {
  const std::string_view priority = isJournal(STDERR_FILENO) ? journalPriority(LogLevel::error) : "";
  show(stderr, std::string(priority) + escape(text) + "\n");
}

}  // namespace

void show(std::FILE* where, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), where);
  std::fflush(where);  // a process of a section ends without
}

int refuse(const Program& program, const UsageError& error) {
  for (const std::string& line : error.lines) showLine(line);
  if (error.usage) show(stderr, program.usage);
  return static_cast<int>(ExitStatus::usage);
}

int refuse(const std::exception& bug) {
  showLine(std::string("ERROR: ") + bug.what());
  return static_cast<int>(ExitStatus::internal);
}

int refuse(const Failure& failure, bool json, const Done& nothing, std::string_view component) {
  int status = static_cast<int>(failure.status);
  if (!json) {
    showLine(failure.what());
    return status;
  }
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  show(stderr, jsonLine(now, LogLevel::error, component, {}, failure.what()) +
                   jsonLine(now, {.done = nothing, .exitStatus = status}, component));
  return status;
}

}  // namespace interimap
