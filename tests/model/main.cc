// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The model test: random histories of two simulated servers, the real engine between them.
//
//   histories                       the told ones, and random ones for 15 seconds
//   histories --seed N              one; if it goes wrong it is shortened and told step by step
//   histories --one-in 1            of the enumerated ones all, not some
//   histories --from N --histories COUNT, or --seconds S
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/model/exhaustive.h"
#include "tests/model/options.h"
#include "tests/model/trial.h"

namespace interimap::model {
namespace {

std::optional<std::string> verdict(const History& history, MemoryFiles& files) {
  return Trial(history, files, nullptr).verdict();
}

// What goes wrong, whatever the message and the mailbox.
std::string kind(const std::string& verdict) {
  std::string words = verdict.substr(verdict.find(": ") == verdict.npos ? 0 : verdict.find(": "));
  std::erase_if(words, [](char c) { return c >= '0' && c <= '9'; });
  return words.substr(0, words.find('\\'));
}

// Leaves out steps, many at a time at first, as long as it still goes wrong in the same way.
History shrunk(History history, MemoryFiles& files) {
  const std::string wrong = kind(verdict(history, files).value_or(""));
  for (std::size_t chunk = std::max<std::size_t>(1, history.steps.size() / 2); chunk > 0; chunk /= 2) {
    for (bool again = true; again;) {
      again = false;
      for (std::size_t at = 0; at < history.steps.size();) {
        History shorter = history;
        auto from = shorter.steps.begin() + static_cast<std::ptrdiff_t>(at);
        shorter.steps.erase(from,
                            from + static_cast<std::ptrdiff_t>(std::min(chunk, history.steps.size() - at)));
        if (auto what = verdict(shorter, files); what && kind(*what) == wrong) {
          history = std::move(shorter);
          again = true;
        } else {
          at += chunk;
        }
      }
    }
  }
  return history;
}

std::string report(const History& history, MemoryFiles& files) {
  History small = shrunk(history, files);
  std::string trace;
  auto what = Trial(small, files, &trace).verdict();
  return "seed " + std::to_string(history.seed) + ": " + what.value_or("?") +
         "\n\nThe shortest such history:\n" + text(small) + "\nAs it happens:\n" + trace;
}

void tryOut(History (*generate)(std::uint64_t seed), std::uint64_t oneIn) {
  MemoryFiles files;
  const Budget budget(oneIn);
  std::uint64_t done = 0, runs = 0;
  unsigned failures = 0;
  for (std::uint64_t seed = options.from; budget.admits(done); ++seed) {
    History history = generate(seed);
    Trial trial(history, files, nullptr);
    auto what = trial.verdict();
    ++done;
    runs += trial.runs();
    if (!what) continue;
    std::printf("%s\n", report(history, files).c_str());
    FAIL_CHECK("seed " << seed << ": " << *what);
    if (++failures == 3) break;
  }
  std::printf("model: %llu histories, %llu runs of the engine, seeds from %llu on, %.0f histories a second\n",
              static_cast<unsigned long long>(done), static_cast<unsigned long long>(runs),
              static_cast<unsigned long long>(options.from), static_cast<double>(done) / budget.seconds());
}

TEST_CASE("random histories") { tryOut(generate, 1); }
TEST_CASE("random histories with so many octets a day") { tryOut(generateDaily, 16); }
TEST_CASE("random histories with a second installation") { tryOut(generateTwo, 16); }

TEST_CASE("random histories in which mail is filed") { tryOut(generateMoving, 16); }

TEST_CASE("random histories with policies") { tryOut(generateWithPolicies, 8); }

}  // namespace
}  // namespace interimap::model

// ASan is to notice, too, who writes to where a function's variables were that has returned.
extern "C" const char* __asan_default_options() { return "detect_stack_use_after_return=1"; }

int main(int argc, char** argv) {
  using interimap::model::options;
  for (int i = 1; i + 1 < argc; ++i) {
    std::string name = argv[i];
    std::uint64_t value = std::strtoull(argv[i + 1], nullptr, 10);
    if (name == "--seed") options = {value, 1};
    if (name == "--from") options.from = value;
    if (name == "--histories") options.histories = value;
    if (name == "--seconds") options.seconds = value;
    if (name == "--one-in") interimap::model::exhaustiveStride = std::max<std::uint64_t>(value, 1);
  }
  doctest::Context context(argc, argv);
  return context.run();
}
