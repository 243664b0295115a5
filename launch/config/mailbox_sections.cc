// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/config/mailbox_sections.h"

#include <optional>
#include <string_view>

#include "ipc/ascii.h"
#include "ipc/failure.h"
#include "ipc/nearest.h"
#include "launch/config/key.h"
#include "launch/config/known_keys.h"

namespace interimap {

namespace {

using settings::OfMailbox;

constexpr std::string_view kWord = "mailbox";
constexpr std::size_t kLongestPattern = 256;

struct Read {
  OfMailbox rule;
  std::size_t line;
};

[[noreturn]] void refuse(const std::string& file, std::size_t line, const std::string& why) {
  throw Failure(ExitStatus::config, file + ":" + std::to_string(line) + ": " + why);
}

// What is behind the word, if the section is one of these. A slip of the word would make a rule be ignored
// that is there to keep mail.
std::optional<std::string> patternOf(const Ini::Header& header, const std::string& file) {
  const auto blank = header.section.find_first_of(" \t");
  const std::string word = header.section.substr(0, blank);
  if (word == kWord) {
    const auto begin = header.section.find_first_not_of(" \t", word.size());
    if (begin != std::string::npos) return header.section.substr(begin);
    refuse(file, header.line, "[mailbox] names no mailbox: [mailbox PATTERN]");
  }
  if (blank != std::string::npos && nearest(word, {std::string(kWord)}))
    refuse(file, header.line,
           "[" + header.section + "]: Did you mean [mailbox" + header.section.substr(blank) + "]?");
  return std::nullopt;
}

bool isInbox(const std::string& pattern) { return asciiUpper(pattern) == "INBOX"; }

// Whether everything that `later` matches is matched by `earlier`, as far as that is certain: what a wildcard
// of the one is to stand for in the other is text like any other, for "*". What "%" may stand for depends on
// the delimiter, which a server has to tell.
bool leavesNothing(const std::string& earlier, const std::string& later) {
  if (isInbox(earlier) && isInbox(later)) return true;
  if (earlier == later) return true;
  if (earlier.find('%') != std::string::npos) return false;
  std::size_t star = std::string::npos, given = 0, e = 0, l = 0;
  const std::string name = isInbox(later) ? "INBOX" : later;
  while (l < name.size()) {
    if (e < earlier.size() && earlier[e] == '*') {
      star = e++;
      given = l;
    } else if (e < earlier.size() && earlier[e] == name[l]) {
      ++e, ++l;
    } else if (star != std::string::npos) {
      e = star + 1;
      l = ++given;
    } else {
      return false;
    }
  }
  return earlier.find_first_not_of('*', e) == std::string::npos;
}

std::string pattern(const std::string& text, const Ini::Header& header, const std::string& file) {
  std::vector<std::string> patterns;
  if (!take(settings::as::Patterns{}, text, patterns) || text.size() > kLongestPattern)
    refuse(file, header.line, "[" + header.section + "]: not a pattern as those of list-mailbox");
  if (patterns.size() > 1)
    refuse(file, header.line,
           "[" + header.section + "]: one pattern is expected; a name with a blank is to be in quotes");
  return patterns.front();
}

// The section, and nothing that it could inherit: most keys of the default section are none of these.
Ini onlyThat(const Ini& ini, const std::string& section) {
  Ini alone;
  Section& copy = alone.sections[section];
  for (const auto& [key, property] : ini.sections.find(section)->second)
    copy.emplace(key, Property{Secret(std::string(property.value.reveal())), property.line});
  return alone;
}

const char* wordOf(OfMailbox::Direction direction) {
  return direction == OfMailbox::Direction::toLocal ? "to-local" : "to-remote";
}

void requireSense(const OfMailbox& rule, const Keys& keys) {
  using Direction = OfMailbox::Direction;
  using Deletions = OfMailbox::Deletions;
  const bool against = (rule.direction == Direction::toLocal && rule.deletions == Deletions::toRemote) ||
                       (rule.direction == Direction::toRemote && rule.deletions == Deletions::toLocal);
  if (against)
    keys.refuse("deletions", std::string("deletions = ") +
                                 (rule.deletions == Deletions::toLocal ? "to-local" : "to-remote") +
                                 " and direction = " + wordOf(rule.direction) + " contradict each other");
  if (rule.deletions == Deletions::never && rule.maxDeletions)
    keys.refuse("max-deletions", "max-deletions and deletions = never contradict each other");
}

}  // namespace

std::vector<OfMailbox> readMailboxSections(const Ini& ini, const std::string& file) {
  KnownKeys known;
  addKeys<OfMailbox>(known);
  std::vector<Read> all;
  for (const Ini::Header& header : ini.headers) {
    const auto text = patternOf(header, file);
    if (!text) continue;
    OfMailbox rule;
    rule.pattern = pattern(*text, header, file);
    for (const Read& earlier : all)
      if (leavesNothing(earlier.rule.pattern, rule.pattern))
        refuse(file, header.line,
               "[" + header.section + "] matches nothing: what it stands for is that of line " +
                   std::to_string(earlier.line) + ", and the first that matches counts");
    if (all.size() == kMostMailboxSections)
      refuse(file, header.line,
             "more than " + std::to_string(kMostMailboxSections) + " sections [mailbox PATTERN]");
    const Ini alone = onlyThat(ini, header.section);
    const Keys keys(alone, header.section, known, file);
    readKeys(keys, rule);
    requireSense(rule, keys);
    all.push_back({std::move(rule), header.line});
  }
  std::vector<OfMailbox> rules;
  for (Read& each : all) rules.push_back(std::move(each.rule));
  return rules;
}

}  // namespace interimap
