// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/mailboxes/arguments.h"

#include <algorithm>

#include "ipc/ascii.h"
#include "ipc/nearest.h"
#include "sync/mailboxes/hierarchy.h"

namespace interimap {

namespace {

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
  std::size_t least = tooFar(word);
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
