// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/mailboxes/arguments.h"

#include <algorithm>

#include "ipc/ascii.h"
#include "sync/mailboxes/hierarchy.h"

namespace interimap {

namespace {

// Longer ones are no slips of one another that are worth the time.
constexpr std::size_t kLongestCompared = 256;

// Letters to be put in, left out, replaced or swapped with the next.
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

std::string_view lastLevel(std::string_view name, std::optional<char> delimiter) {
  auto at = delimiter ? name.rfind(*delimiter) : std::string_view::npos;
  return at == std::string_view::npos ? name : name.substr(at + 1);
}

}  // namespace

bool matchesPattern(std::string_view pattern, std::string_view name, std::optional<char> delimiter) {
  if (isInbox(std::string(pattern)) && isInbox(std::string(name))) return true;
  // Where the last wildcard stood, and how much of the name it has been given.
  std::size_t star = std::string_view::npos, given = 0, p = 0, n = 0;
  std::size_t percent = std::string_view::npos, givenPercent = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      given = n;
      percent = std::string_view::npos;
    } else if (p < pattern.size() && pattern[p] == '%') {
      percent = p++;
      givenPercent = n;
    } else if (p < pattern.size() && pattern[p] == name[n]) {
      ++p;
      ++n;
    } else if (percent != std::string_view::npos && delimiter != name[givenPercent]) {
      p = percent + 1;
      n = ++givenPercent;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++given;
      percent = std::string_view::npos;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && (pattern[p] == '*' || pattern[p] == '%')) ++p;
  return p == pattern.size();
}

std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& names,
                                   std::optional<char> delimiter) {
  if (word.size() > kLongestCompared) return std::nullopt;
  std::string folded = asciiUpper(word);
  std::optional<std::string> best;
  std::size_t least = std::max<std::size_t>(word.size() / 3, 1) + 1;  // that is too much
  for (const std::string& name : names) {
    if (name.size() > kLongestCompared) continue;
    std::string other = asciiUpper(name);
    std::size_t differs = distance(folded, other);
    if (lastLevel(other, delimiter) == folded || lastLevel(folded, delimiter) == other)
      differs = std::min<std::size_t>(differs, 1);
    if (differs >= least) continue;
    best = name;
    least = differs;
  }
  return best;
}

std::string noSuchMailbox(const std::string& word, const std::vector<std::string>& names,
                          std::optional<char> delimiter) {
  auto meant = nearest(word, names, delimiter);
  if (meant == word) return "Mailbox " + word + " is there, but list-select-opts leaves it out.";
  return "No mailbox is called " + word + (meant ? ". Did you mean " + *meant + "?" : " on either server.");
}

}  // namespace interimap
