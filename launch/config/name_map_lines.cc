// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/config/name_map_lines.h"

#include <algorithm>
#include <optional>

#include "ipc/failure.h"
#include "ipc/name_map.h"
#include "launch/config/blanks.h"
#include "launch/config/key.h"
#include "launch/config/list_patterns.h"
#include "launch/config/modified_utf7.h"

namespace interimap {

namespace {

constexpr std::string_view kArrow = "<->";

// "/" stands for the delimiter, whatever it is, unless the name is in quotes: then "\0" does. What is below a
// mailbox goes along with it, so that "/*" says no more than the name alone.
std::optional<MailboxName> nameOf(std::string_view text) {
  std::string name(text);
  if (text.starts_with('"')) {
    auto quoted = parsePatterns(text);
    if (!quoted || quoted->size() != 1) return std::nullopt;
    name = std::move(quoted->front());
  } else {
    std::ranges::replace(name, '/', '\0');
  }
  if (name.ends_with(std::string_view("\0*", 2))) name.resize(name.size() - 2);
  std::string bytes;
  for (std::size_t from = 0; from <= name.size();) {
    const std::size_t nul = std::min(name.find('\0', from), name.size());
    auto level = wireSpelling(name.substr(from, nul - from));
    if (!level || !isWireText(*level) || level->find_first_of("*%") != std::string::npos) return std::nullopt;
    bytes += (from == 0 ? "" : std::string(1, '\0')) + *level;
    from = nul + 1;
  }
  return MailboxName::of(std::move(bytes));
}

bool isPrefix(std::string_view text) { return text.ends_with('*') || text.ends_with("*\""); }

std::optional<NameMap::Entry> parse(std::string_view value) {
  const auto arrow = value.find(kArrow);
  if (arrow == value.npos || value.find(kArrow, arrow + 1) != value.npos) return std::nullopt;
  const std::string_view here = trim(value.substr(0, arrow)),
                         there = trim(value.substr(arrow + kArrow.size()));
  auto local = nameOf(here), remote = nameOf(there);
  if (!local || !remote || isPrefix(here) != isPrefix(there)) return std::nullopt;
  for (auto* name : {&*local, &*remote})
    if (upperCase(name->bytes()) == "INBOX") *name = *MailboxName::of("INBOX");
  return NameMap::Entry{*local, *remote};
}

}  // namespace

bool isMapLine(std::string_view value) { return parse(value).has_value(); }

std::vector<std::string> readMap(const Ini& ini, const std::string& file) {
  std::vector<NameMap::Entry> entries;
  std::vector<std::size_t> lines;
  auto refuse = [&](std::size_t line, const std::string& why) {
    throw Failure(ExitStatus::config, file + ":" + std::to_string(line) + ": " + why);
  };
  for (const Ini::MapLine& map : ini.maps) {
    if (map.section != Ini::kDefault) continue;
    auto entry = parse(map.value);
    if (!entry) refuse(map.line, "Invalid option map = " + map.value + " (LOCAL <-> REMOTE expected)");
    if (entries.size() == kMostMapped)
      refuse(map.line, "more than " + std::to_string(kMostMapped) + " lines with map");
    entries.push_back(std::move(*entry));
    lines.push_back(map.line);
  }
  if (auto fault = NameMap::fault(entries))
    refuse(lines[fault->entry], "map is not one to one: " + fault->why);
  std::vector<std::string> names;
  for (const NameMap::Entry& entry : entries)
    for (Side side : kSides) names.push_back(entry[side].bytes());
  return names;
}

}  // namespace interimap
