// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/config/pull_values.h"

#include <algorithm>

#include "ipc/delivery.h"
#include "ipc/path.h"
#include "launch/config/arguments.h"
#include "launch/config/key.h"
#include "launch/config/list_patterns.h"

namespace interimap {

namespace {

constexpr std::size_t kMostFieldName = 76, kMostFieldNames = 32;
constexpr std::size_t kMostAddressPatterns = 64;

// No two of them are equal, and their order stays.
void removeRepeated(std::vector<std::string>& items) {
  std::vector<std::string> seen;
  std::erase_if(items, [&](const std::string& item) {
    if (std::ranges::find(seen, item) != seen.end()) return true;
    seen.push_back(item);
    return false;
  });
}

// With NUL where the delimiter is to be.
std::optional<std::string> wireText(const std::string& name) {
  std::string wire;
  for (std::size_t from = 0;;) {
    const std::size_t nul = std::min(name.find('\0', from), name.size());
    const std::string level = name.substr(from, nul - from);
    auto its = mailboxArgument(level);
    if (its ? !isWireText(*its) : !level.empty() || name.size() < 2) return std::nullopt;
    wire += its.value_or("");
    if (nul == name.size()) return wire;
    wire += '\0';
    from = nul + 1;
  }
}

bool isBetween(char c) { return c == ' ' || c == '\t' || c == ','; }

// Items between blanks or commas.
std::vector<std::string> itemsOf(std::string_view value) {
  std::vector<std::string> items;
  for (auto at = value.begin(); (at = std::find_if_not(at, value.end(), isBetween)) != value.end();) {
    auto end = std::find_if(at, value.end(), isBetween);
    items.emplace_back(at, end);
    at = end;
  }
  return items;
}

}  // namespace

std::optional<std::vector<std::string>> parseMailboxes(std::string_view value) {
  std::vector<std::string> names{std::string(value)};
  if (value.starts_with('"')) {
    auto patterns = parsePatterns(value);
    if (!patterns) return std::nullopt;
    names = std::move(*patterns);
  }
  for (std::string& name : names) {
    auto wire = wireText(name);
    if (!wire) return std::nullopt;
    name = std::move(*wire);
  }
  removeRepeated(names);
  return names;
}

bool isMailboxPattern(std::string_view mailbox) {
  return mailbox.find_first_of(std::string_view("*%\0", 3)) != mailbox.npos;
}

std::optional<std::vector<std::string>> parseAfter(std::string_view value) {
  if (value == "keep" || value == "delete") return std::vector{std::string(value)};
  constexpr std::string_view kMove = "move ";
  if (!value.starts_with(kMove)) return std::nullopt;
  value.remove_prefix(std::min(value.find_first_not_of(' ', kMove.size()), value.size()));
  auto to = parseMailboxes(value);
  if (!to || to->size() != 1 || isMailboxPattern(to->front())) return std::nullopt;
  return std::vector{std::string("move"), to->front()};
}

std::optional<std::vector<std::string>> parseForwardPaths(std::string_view value) {
  std::vector<std::string> paths(1);
  bool quoted = false;
  for (std::size_t at = 0; at < value.size(); ++at) {
    char c = value[at];
    if (c == '"') quoted = !quoted;
    if (!quoted && (c == ' ' || c == '\t' || c == ',')) {
      if (!paths.back().empty()) paths.emplace_back();
      continue;
    }
    paths.back() += c;
    if (quoted && c == '\\' && at + 1 < value.size()) paths.back() += value[++at];
  }
  if (paths.back().empty()) paths.pop_back();
  if (!std::ranges::all_of(paths, [](const auto& path) { return ForwardPath::parse(path).has_value(); }))
    return std::nullopt;
  removeRepeated(paths);
  if (paths.empty() || paths.size() > kMostForwardPaths) return std::nullopt;
  return paths;
}

std::optional<std::string> parseSender(std::string_view value) {
  if (value.empty()) return std::nullopt;
  if (value.starts_with('<') && value.ends_with('>')) value = value.substr(1, value.size() - 2);
  auto path = ReversePath::parse(value);
  if (!path) return std::nullopt;
  return path->text();
}

std::optional<std::vector<std::string>> parseFieldNames(std::string_view value) {
  std::vector<std::string> names = itemsOf(value);
  // field-name = 1*ftext; RFC 5322 section 3.6.8
  auto isFtext = [](char c) { return c > ' ' && c < 0x7F && c != ':'; };
  for (std::string& name : names) {
    if (name.ends_with(':')) name.pop_back();
    if (name.empty() || name.size() > kMostFieldName || !std::ranges::all_of(name, isFtext))
      return std::nullopt;
  }
  removeRepeated(names);
  if (names.size() > kMostFieldNames) return std::nullopt;
  return names;
}

std::optional<std::vector<std::string>> parseAddressPatterns(std::string_view value) {
  std::vector<std::string> patterns = itemsOf(value);
  for (const std::string& pattern : patterns) {
    std::string address = pattern;  // one that it stands for
    std::ranges::replace(address, '*', 'x');
    if (!ForwardPath::parse(address)) return std::nullopt;
  }
  removeRepeated(patterns);
  if (patterns.empty() || patterns.size() > kMostAddressPatterns) return std::nullopt;
  return patterns;
}

}  // namespace interimap
