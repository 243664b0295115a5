// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/soak/vitals.h"

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <iterator>
#include <sstream>
#include <string>
#include <system_error>

#include "tests/e2e/directory.h"

namespace interimap::soak {
namespace {

namespace fs = std::filesystem;

// proc(5), stat: "pid (name) state ppid pgrp ...".
pid_t groupOf(const fs::path& process) {
  const std::string text = bed::readFile(process / "stat");
  std::size_t close = text.rfind(')');
  pid_t group = -1;
  if (close != std::string::npos) std::sscanf(text.c_str() + close + 1, " %*c %*d %d", &group);
  return group;
}

std::uint64_t residentOf(const fs::path& process) {
  unsigned long pages = 0;
  std::sscanf(bed::readFile(process / "statm").c_str(), "%*u %lu", &pages);
  return pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

std::uint64_t proportionalOf(const fs::path& process) {
  std::istringstream lines(bed::readFile(process / "smaps_rollup"));
  for (std::string word; lines >> word;) {
    std::uint64_t kibibytes = 0;
    if (word == "Pss:" && lines >> kibibytes) return kibibytes << 10;
  }
  return 0;
}

}  // namespace

Vitals vitalsOf(pid_t group) {
  Vitals vitals;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos || groupOf(entry.path()) != group) continue;
    ++vitals.processes;
    vitals.resident += residentOf(entry.path());
    vitals.proportional += proportionalOf(entry.path());
    fs::directory_iterator descriptors(entry.path() / "fd", error);
    if (error == std::errc::permission_denied) vitals.complete = false;
    if (!error) {
      vitals.descriptors += static_cast<std::size_t>(std::distance(begin(descriptors), end(descriptors)));
    }
  }
  return vitals;
}

}  // namespace interimap::soak
