// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/bench/result.h"

#include <algorithm>

namespace interimap::bench {
namespace {

constexpr std::size_t kLongestLine = 300;

std::string lastLine(const std::string& text) {
  std::size_t end = text.find_last_not_of('\n');
  if (end == std::string::npos) return "";
  std::size_t begin = text.rfind('\n', end);
  begin = begin == std::string::npos ? 0 : begin + 1;
  return text.substr(begin, std::min(end + 1 - begin, kLongestLine));
}

}  // namespace

void Result::add(const bed::Outcome& outcome) {
  wall.push_back(outcome.wall.count());
  user.push_back(outcome.user.count());
  system.push_back(outcome.system.count());
}

double Result::median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

std::string failureOf(const bed::Outcome& outcome) {
  if (outcome.succeeded()) return "";
  std::string text = outcome.timedOut      ? "timed out"
                     : outcome.signal != 0 ? "signal " + std::to_string(outcome.signal)
                                           : "exit " + std::to_string(outcome.exitStatus);
  return text + ": " + lastLine(outcome.errors);
}

}  // namespace interimap::bench
