// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/e2e/workers.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <sstream>
#include <vector>

#include "tests/e2e/directory.h"

namespace interimap::bed {
namespace {

constexpr int kBetweenLooks = 5;                  // milliseconds
constexpr std::uint64_t kSanitized = 1ULL << 40;  // address space: nobody but AddressSanitizer takes so much

struct Process {
  pid_t pid;
  std::string name;
  char state = 0;
  int parent = -1, group = -1;
};

// proc(5), stat: "pid (name) state ppid pgrp ...".
std::optional<Process> processAt(const std::string& pid) {
  const std::string text = readFile("/proc/" + pid + "/stat");
  std::size_t open = text.find('('), close = text.rfind(')');
  if (open == std::string::npos || close == std::string::npos) return std::nullopt;
  Process process{static_cast<pid_t>(std::atoi(text.c_str())), text.substr(open + 1, close - open - 1)};
  if (std::sscanf(text.c_str() + close + 1, " %c %d %d", &process.state, &process.parent, &process.group) !=
      3)
    return std::nullopt;
  return process;
}

std::vector<Process> processes() {
  std::vector<Process> all;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    auto process = processAt(name);
    if (process && process->state != 'Z' && process->state != 'X') all.push_back(std::move(*process));
  }
  return all;
}

// Of a line "Name:   123 kB".
std::uint64_t kibibytes(const std::string& text, const std::string& name) {
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    std::uint64_t n = 0;
    if (word == name && words >> n) return n << 10;
  }
  return 0;
}

}  // namespace

std::map<std::string, pid_t> workersOf(pid_t program) {
  std::map<std::string, pid_t> workers;
  for (const Process& process : processes()) {
    if (process.parent != program) continue;
    std::string words = readFile("/proc/" + std::to_string(process.pid) + "/cmdline");
    std::size_t end = words.find('\0');
    if (end == std::string::npos || !words.starts_with('/')) continue;  // not yet what it is to be
    workers[words.c_str() + end + 1] = process.pid;
  }
  return workers;
}

std::string processesOf(pid_t group) {
  std::string result;
  for (const Process& process : processes())
    if (process.group == group)
      result += (result.empty() ? "" : " ") + process.name + " (" + process.state + ")";
  return result;
}

char stateOf(pid_t process) {
  auto found = processAt(std::to_string(process));
  return found ? found->state : '\0';
}

std::chrono::milliseconds processorTime(pid_t process) {
  const std::string text = readFile("/proc/" + std::to_string(process) + "/stat");
  std::size_t close = text.rfind(')');
  long user = 0, system = 0;
  if (close != std::string::npos)
    std::sscanf(text.c_str() + close + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld", &user,
                &system);
  return std::chrono::milliseconds((user + system) * 1000 / sysconf(_SC_CLK_TCK));
}

std::size_t descriptorsOf(pid_t process) {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry :
       fs::directory_iterator("/proc/" + std::to_string(process) + "/fd"))
    ++count;
  return count;
}

std::uint64_t anonymousMemoryOf(pid_t process) {
  return kibibytes(readFile("/proc/" + std::to_string(process) + "/smaps_rollup"), "Pss_Anon:");
}

std::size_t wakingsOf(pid_t group) {
  std::size_t count = 0;
  for (const Process& process : processes()) {
    if (process.group != group) continue;
    const std::string status = readFile("/proc/" + std::to_string(process.pid) + "/status");
    std::size_t at = status.find("\nvoluntary_ctxt_switches:\t"), number = 0;
    if (at != std::string::npos) std::sscanf(status.c_str() + at, "%*s %zu", &number);
    count += number;
  }
  return count;
}

void MemoryWatch::start(pid_t group) {
  stop();
  stopping_ = false;
  proportional_ = peak_ = 0;
  thread_ = std::thread([this, group] {
    while (!stopping_) {
      look(group);
      poll(nullptr, 0, kBetweenLooks);
    }
  });
}

void MemoryWatch::stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

void MemoryWatch::look(pid_t group) {
  static const std::string ourName = processAt("self")->name;
  std::uint64_t sum = 0;
  for (const Process& process : processes()) {
    if (process.group != group || process.name == ourName) continue;  // before exec it is still us
    const std::string directory = "/proc/" + std::to_string(process.pid);
    const std::string status = readFile(directory + "/status");
    if (kibibytes(status, "VmSize:") > kSanitized) continue;
    peak_ = std::max<std::uint64_t>(peak_, kibibytes(status, "VmHWM:"));
    sum += kibibytes(readFile(directory + "/smaps_rollup"), "Pss:");
  }
  proportional_ = std::max<std::uint64_t>(proportional_, sum);
}

}  // namespace interimap::bed
