// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Holds the lists against what workers did: reads what strace wrote about every process
// (tests/sandbox/traced), sums up by role the calls after lock-in, line by line of its list, and prints both.
//
//   audit TRACES
//
// Exits non-zero if a line was of use to nobody and is not marked as kept, or if a call was on no line.
#include <stdio.h>

#include <seccomp.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/lists.h"

using namespace interimap::sandbox;

namespace {

// "mmap(0, 0x1000, 0x3, 0x22, 0xffffffff, 0)    = 0x7f12": strace's -e raw.
struct Call {
  std::string_view name;
  std::array<std::uint64_t, 6> arguments = {};
  std::string_view result;

  static std::optional<Call> parse(std::string_view line) {
    std::size_t open = line.find('('), equals = line.rfind(" = "), close = line.rfind(')', equals);
    if (open == line.npos || equals == line.npos || close == line.npos || line[0] < 'a' || line[0] > 'z')
      return std::nullopt;
    Call call{line.substr(0, open), {}, line.substr(equals + 3)};
    std::string_view rest = line.substr(open + 1, close - open - 1);
    for (std::uint64_t& argument : call.arguments) {
      std::string_view word = rest.substr(0, rest.find(", "));
      rest.remove_prefix(std::min(rest.size(), word.size() + 2));
      int base = word.starts_with("0x") ? 16 : 10;
      if (base == 16) word.remove_prefix(2);
      std::from_chars(word.data(), word.data() + word.size(), argument, base);
    }
    return call;
  }
};

struct Findings {
  std::vector<Allow> lines;
  std::vector<unsigned long> uses = std::vector<unsigned long>(lines.size());
  std::map<std::string, unsigned long, std::less<>> refused = {};
  unsigned long processes = 0;

  void count(const Call& call, std::uint64_t process) {
    int number = seccomp_syscall_resolve_name(std::string(call.name).c_str());
    bool allowed = false;
    for (std::size_t i = 0; i < lines.size(); ++i)
      if (lines[i].call == number && fits(lines[i], call, process)) {
        ++uses[i];
        allowed = true;
      }
    if (!allowed) ++refused[std::string(call.name)];
  }

 private:
  static bool fits(const Allow& line, const Call& call, std::uint64_t process) {
    return std::ranges::all_of(line.when, [&](const Condition& condition) {
      std::uint64_t wanted = condition.value == kOwnProcess ? process : condition.value;
      return (call.arguments[condition.argument] & condition.mask) == wanted;
    });
  }
};

std::map<std::string, Findings> everyRole() {
  std::map<std::string, Findings> roles;
  roles.emplace("net", Findings{allowed(Role::net, false)});
  roles.emplace("sync", Findings{allowed(Role::sync, false)});
  roles.emplace("delivery", Findings{allowed(Role::delivery, false)});
  return roles;
}

// 'execve("/…/libexec/interimap/net", …': the name of the program, if it is a worker.
std::string workerOf(std::string_view line) {
  constexpr std::string_view kStart = "execve(\"", kWorkers = "/libexec/interimap/";
  std::size_t place = line.find(kWorkers);
  if (!line.starts_with(kStart) || place == line.npos) return {};
  line.remove_prefix(place + kWorkers.size());
  return std::string(line.substr(0, line.find('"')));
}

// One process: the file is named after it, "….PID".
void read(const std::filesystem::path& trace, std::map<std::string, Findings>& roles) {
  std::uint64_t process = std::strtoull(trace.extension().string().c_str() + 1, nullptr, 10);
  std::ifstream file(trace);
  Findings* worker = nullptr;
  bool lockedIn = false;
  for (std::string line; std::getline(file, line);) {
    if (auto role = roles.find(workerOf(line)); role != roles.end()) worker = &role->second;
    auto call = Call::parse(line);
    if (!call || worker == nullptr) continue;
    if (lockedIn) {
      worker->count(*call, process);
    } else if (call->name == "seccomp" && call->arguments[0] == SECCOMP_SET_MODE_FILTER &&
               call->arguments[2] != 0 && call->result == "0") {
      lockedIn = true;
      ++worker->processes;
    }
  }
}

// Returns whether the list is as short as it can be.
bool print(const std::string& role, const Findings& found) {
  bool fine = found.processes > 0 && found.refused.empty();
  printf("%s: %lu processes\n", role.c_str(), found.processes);
  for (std::size_t i = 0; i < found.lines.size(); ++i) {
    const Allow& line = found.lines[i];
    if (line.call < 0) continue;  // not on this architecture
    bool idle = found.uses[i] == 0 && !line.kept;
    if (idle) fine = false;
    printf("  %12lu  %-16s %s%s\n", found.uses[i], systemCallName(line.call).c_str(), line.reason,
           idle                 ? "  <- ALLOWED, BUT NOT USED"
           : found.uses[i] == 0 ? "  (kept)"
                                : "");
  }
  for (const auto& [call, times] : found.refused)
    printf("  %12lu  %-16s <- NOT ALLOWED\n", times, call.c_str());
  return fine;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return fprintf(stderr, "usage: audit TRACES\n"), 64;
  auto roles = everyRole();
  for (const auto& entry : std::filesystem::directory_iterator(arguments[1])) read(entry.path(), roles);
  bool fine = true;
  for (const auto& [role, found] : roles) fine = print(role, found) && fine;
  return fine ? 0 : 1;
}
