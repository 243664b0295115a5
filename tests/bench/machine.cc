// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/bench/machine.h"

#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdio>
#include <sstream>

#include "tests/e2e/process.h"

namespace interimap::bench {
namespace {

// What follows "KEY:" in a file such as /proc/cpuinfo.
std::string valueOf(const char* file, const std::string& key) {
  std::istringstream lines(bed::readFile(file));
  for (std::string line; std::getline(lines, line);) {
    std::size_t colon = line.find(':');
    if (!line.starts_with(key) || colon == std::string::npos) continue;
    std::size_t value = line.find_first_not_of(" \t", colon + 1);
    return value == std::string::npos ? "" : line.substr(value);
  }
  return "unknown";
}

std::string firstLine(const std::vector<std::string>& command) {
  bed::Outcome outcome = bed::run({command, {}});
  std::string text = outcome.output + outcome.errors;
  return outcome.succeeded() ? text.substr(0, text.find('\n')) : "not there";
}

std::string fileSystem(const std::filesystem::path& path) {
  return firstLine({"stat", "-f", "-c", "%T", path.string()}) + " (" + path.string() + ")";
}

}  // namespace

std::string describeMachine(const std::filesystem::path& stores, const std::filesystem::path& clients) {
  utsname kernel{};
  uname(&kernel);
  double load[3] = {};
  getloadavg(load, 3);
  char loads[64];
  std::snprintf(loads, sizeof loads, "%.2f %.2f %.2f", load[0], load[1], load[2]);
  std::ostringstream out;
  out << "machine     " << valueOf("/proc/cpuinfo", "model name") << ", " << sysconf(_SC_NPROCESSORS_ONLN)
      << " processors, memory " << valueOf("/proc/meminfo", "MemTotal") << ", load " << loads << "\n"
      << "kernel      " << kernel.sysname << " " << kernel.release << " " << kernel.machine << "\n"
      << "storage     mail stores on " << fileSystem(stores)
      << " while they fit in there, configurations and databases on " << fileSystem(clients) << "\n"
      << "servers     Dovecot " << firstLine({"dovecot", "--version"})
      << ", mail_fsync=never, no COMPRESS unless said so, one instance per side, on the same machine\n"
      << "peers       " << firstLine({"/usr/bin/interimap", "--version"}) << " (Perl); "
      << firstLine({"mbsync", "--version"}) << "\n";
  return out.str();
}

}  // namespace interimap::bench
