// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// `make soak TIME=3600 MODE=notify`: a soak of any length, with a line each minute. Exit status 0: passed.
// The program's log goes to standard error if it did not.

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>

#include "tests/soak/soak.h"

namespace {

using namespace interimap::soak;

constexpr std::size_t kLogTail = 1 << 20;

int usage() {
  std::fprintf(stderr,
               "usage: soak [--time=SECONDS] [--mode=watch|notify] [--rate=CHANGES] [--between=SECONDS] "
               "[--seed=N] [--newer] [--debug]\n");
  return 64;
}

bool read(const std::string& argument, Plan& plan) {
  std::size_t equals = argument.find('=');
  std::string name = argument.substr(0, equals);
  std::string value = equals == std::string::npos ? "" : argument.substr(equals + 1);
  if (name == "--time") {
    plan.time = std::chrono::seconds(std::atoll(value.c_str()));
  } else if (name == "--mode") {
    plan.mode = value;
  } else if (name == "--rate") {
    plan.rate = std::atof(value.c_str());
  } else if (name == "--between") {
    plan.between = std::chrono::seconds(std::atoll(value.c_str()));
  } else if (name == "--seed") {
    plan.seed = static_cast<std::uint64_t>(std::atoll(value.c_str()));
  } else if (argument == "--newer") {
    plan.newer = true;
  } else if (name == "--debug") {
    plan.debug = true;
  } else {
    return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  Plan plan;
  for (int i = 1; i < argc; ++i) {
    if (!read(argv[i], plan)) return usage();
  }
  if (plan.time.count() <= 0 || plan.rate <= 0 || (plan.mode != "watch" && plan.mode != "notify"))
    return usage();
  try {
    Result result = run(plan, [](const std::string& line) {
      std::printf("%s\n", line.c_str());
      std::fflush(stdout);
    });
    for (const std::string& fault : result.faults) std::printf("FAULT: %s\n", fault.c_str());
    std::printf("%s: %llu changes, %llu restarts, %zu messages on each side\n",
                result.faults.empty() ? "passed" : "FAILED", static_cast<unsigned long long>(result.changes),
                static_cast<unsigned long long>(result.restarts), result.messages);
    if (result.faults.empty()) return 0;
    std::fputs(result.log.c_str() + (result.log.size() > kLogTail ? result.log.size() - kLogTail : 0),
               stderr);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "soak: %s\n", e.what());
  }
  return 1;
}
