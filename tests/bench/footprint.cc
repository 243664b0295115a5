// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/bench/footprint.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <set>
#include <sstream>

#include "tests/e2e/directory.h"

namespace interimap::bench {
namespace {

namespace fs = std::filesystem;
constexpr int kPeriodMilliseconds = 20;

struct Stat {
  std::string name;
  pid_t group = -1;
  double processorTime = 0;
};

// proc(5): "pid (name) state ppid pgrp ..."; utime and stime are fields 14 and 15, of all threads.
std::optional<Stat> readStat(const fs::path& directory) {
  const std::string text = bed::readFile(directory / "stat");
  std::size_t open = text.find('('), close = text.rfind(')');
  if (open == std::string::npos || close == std::string::npos) return std::nullopt;
  Stat stat;
  stat.name = text.substr(open + 1, close - open - 1);
  unsigned long user = 0, system = 0;
  if (std::sscanf(text.c_str() + close + 1, " %*c %*d %d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
                  &stat.group, &user, &system) != 3) {
    return std::nullopt;
  }
  stat.processorTime = static_cast<double>(user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
  return stat;
}

// Without shared memory: bodies that happen to be mapped are counted as descriptors.
std::optional<std::uint64_t> proportionalSetSize(const fs::path& directory) {
  std::istringstream lines(bed::readFile(directory / "smaps_rollup"));
  std::uint64_t total = 0;
  bool any = false;
  for (std::string word; lines >> word;) {
    if (word != "Pss_Anon:" && word != "Pss_File:") continue;
    std::uint64_t kibibytes = 0;
    lines >> kibibytes;
    total += kibibytes << 10;
    any = true;
  }
  return any ? std::optional(total) : std::nullopt;
}

// What is in the memfds and pipes of a process that were not seen before.
std::uint64_t bodies(const fs::path& directory, std::set<ino_t>& seen) {
  std::uint64_t total = 0;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory / "fd", error)) {
    const std::string target = fs::read_symlink(entry.path(), error).string();
    struct stat status {};
    if (target.starts_with("/memfd:") && stat(entry.path().c_str(), &status) == 0) {
      if (seen.insert(status.st_ino).second) total += static_cast<std::uint64_t>(status.st_blocks) * 512;
    } else if (target.starts_with("pipe:")) {
      const int pipe = open(entry.path().c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
      int held = 0;
      if (pipe >= 0 && fstat(pipe, &status) == 0 && ioctl(pipe, FIONREAD, &held) == 0 &&
          seen.insert(status.st_ino).second)
        total += static_cast<std::uint64_t>(held);
      close(pipe);
    }
  }
  return total;
}

}  // namespace

void FootprintWatch::begin(pid_t group) {
  group_ = group;
  thread_ = std::thread([this] {
    while (!ended_) {
      sample();
      poll(nullptr, 0, kPeriodMilliseconds);
    }
  });
}

Footprint FootprintWatch::end() {
  ended_ = true;
  if (thread_.joinable()) thread_.join();
  return std::move(seen_);
}

void FootprintWatch::sample() {
  std::uint64_t processes = 0, memfds = 0;
  std::set<ino_t> seen;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::optional<Stat> stat = readStat(entry.path());
    if (!stat || stat->group != group_) continue;
    if (bed::readFile(entry.path() / "cmdline") == bed::readFile("/proc/self/cmdline"))
      continue;  // before exec
    std::optional<std::uint64_t> size = proportionalSetSize(entry.path());
    if (access((entry.path() / "fd").c_str(), R_OK | X_OK) != 0 && errno == EACCES) seen_.readable = false;
    if (!size) continue;  // it has just ended
    processes += *size;
    memfds += bodies(entry.path(), seen);
    pid_t process = std::stoi(name);
    auto member = std::find_if(seen_.members.begin(), seen_.members.end(),
                               [&](const Footprint::Member& m) { return m.process == process; });
    if (member == seen_.members.end()) {
      seen_.members.push_back({process, stat->name});
      member = seen_.members.end() - 1;
    }
    member->name = stat->name;
    member->peak = std::max(member->peak, *size);
    member->processorTime = stat->processorTime;
  }
  seen_.processes = std::max(seen_.processes, processes);
  seen_.withBodies = std::max(seen_.withBodies, processes + memfds);
}

}  // namespace interimap::bench
