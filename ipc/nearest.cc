// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "ipc/nearest.h"

#include <algorithm>

#include "ipc/ascii.h"

namespace interimap {

std::size_t distance(std::string_view one, std::string_view two) {
  std::vector<std::size_t> before, last(two.size() + 1), row(two.size() + 1);
  for (std::size_t j = 0; j <= two.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= one.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= two.size(); ++j) {
      bool same = one[i - 1] == two[j - 1];
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      if (i > 1 && j > 1 && one[i - 1] == two[j - 2] && one[i - 2] == two[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before = last;
    last = row;
  }
  return last[two.size()];
}

std::size_t tooFar(std::string_view word) { return std::max<std::size_t>(word.size() / 3, 1) + 1; }

std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& words) {
  if (word.size() > kLongestCompared) return std::nullopt;
  const std::string folded = asciiUpper(word);
  std::optional<std::string> best;
  std::size_t least = std::min<std::size_t>(tooFar(word), kTooManySlips);
  for (const std::string& each : words) {
    std::size_t differs = distance(folded, asciiUpper(each));
    if (differs >= least) continue;
    best = each;
    least = differs;
  }
  return best;
}

}  // namespace interimap
