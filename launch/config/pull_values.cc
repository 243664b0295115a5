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

constexpr std::size_t kMostFieldName = 76, kMostFieldNames = 32;  // of deliver-drop

// No two of them are equal, and their order stays.
void removeRepeated(std::vector<std::string>& items) {
  std::vector<std::string> seen;
  std::erase_if(items, [&](const std::string& item) {
    if (std::ranges::find(seen, item) != seen.end()) return true;
    seen.push_back(item);
    return false;
  });
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
    auto wire = mailboxArgument(name);
    if (!wire || !isWireText(*wire)) return std::nullopt;
    name = std::move(*wire);
  }
  removeRepeated(names);
  return names;
}

std::optional<std::vector<std::string>> parseAfter(std::string_view value) {
  if (value == "keep" || value == "delete") return std::vector{std::string(value)};
  constexpr std::string_view kMove = "move ";
  if (!value.starts_with(kMove)) return std::nullopt;
  value.remove_prefix(std::min(value.find_first_not_of(' ', kMove.size()), value.size()));
  auto to = parseMailboxes(value);
  if (!to || to->size() != 1) return std::nullopt;
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
  std::vector<std::string> names;
  auto isBetween = [](char c) { return c == ' ' || c == '\t' || c == ','; };
  // field-name = 1*ftext; RFC 5322 section 3.6.8
  auto isFtext = [](char c) { return c > ' ' && c < 0x7F && c != ':'; };
  for (std::size_t at = 0; at < value.size();) {
    if (isBetween(value[at])) {
      ++at;
      continue;
    }
    auto end = std::find_if(value.begin() + static_cast<std::ptrdiff_t>(at), value.end(), isBetween);
    std::string name(value.begin() + static_cast<std::ptrdiff_t>(at), end);
    at += name.size();
    if (name.ends_with(':')) name.pop_back();
    if (name.empty() || name.size() > kMostFieldName || !std::ranges::all_of(name, isFtext))
      return std::nullopt;
    names.push_back(std::move(name));
  }
  removeRepeated(names);
  if (names.size() > kMostFieldNames) return std::nullopt;
  return names;
}

}  // namespace interimap
