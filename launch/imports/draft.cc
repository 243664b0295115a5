// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/imports/draft.h"

#include <stdlib.h>

#include <algorithm>

#include "launch/config/ini.h"
#include "launch/config/modified_utf7.h"
#include "launch/show/escape.h"

namespace interimap::imports {

namespace {

// Whether the value comes back from a configuration as it is.
bool isWritable(const std::string& value) {
  if (value.empty() || escape(value) != value) return false;
  const Ini ini = Ini::parse("key = " + value, "");
  const auto section = ini.sections.find(Ini::kDefault);
  if (section == ini.sections.end()) return false;
  const auto property = section->second.find("key");
  return property != section->second.end() && property->second.value.reveal() == value;
}

const char* nameOf(Policy::Ways ways) {
  switch (ways) {
    case Policy::Ways::both: return "both";
    case Policy::Ways::toLocal: return "to-local";
    case Policy::Ways::toRemote: return "to-remote";
    case Policy::Ways::never: return "never";
  }
  return "";
}

bool isAlphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::string quotedForShell(const std::string& word) {
  std::string text = "'";
  for (char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

}  // namespace

void Draft::set(Place place, const std::string& key, const std::string& value) {
  if (!isWritable(value)) return remark(place, key + ": the value cannot be written here; add it yourself.");
  Lines& all = at(place);
  const std::string line = key + " = " + value;
  if (auto [it, fresh] = all.keys.try_emplace(key, all.lines.size()); fresh)
    all.lines.push_back(line);
  else
    all.lines[it->second] = line;
}

void Draft::remark(Place place, const std::string& text) { at(place).lines.push_back("# " + escape(text)); }

void Draft::policy(const std::string& pattern, const Policy& policy) {
  std::string text;
  if (policy.direction != Policy::Ways::both)
    text += std::string("direction = ") + nameOf(policy.direction) + "\n";
  // What goes one way only takes no deletions the other way.
  const bool said = policy.direction == Policy::Ways::both ? policy.deletions != Policy::Ways::both
                                                           : policy.deletions == Policy::Ways::never;
  if (said) text += std::string("deletions = ") + nameOf(policy.deletions) + "\n";
  if (!policy.flags) text += "flags = no\n";
  if (!policy.create) text += "create = no\n";
  if (policy.deleteEmpty) text += "delete-mailboxes = empty\n";
  if (!policy.maxSize.empty()) text += "max-size = " + policy.maxSize + "\n";
  if (!policy.maxAge.empty()) text += "max-age = " + policy.maxAge + "\n";
  if (!text.empty()) policies_.push_back("[mailbox " + pattern + "]\n" + text);
}

std::string Draft::text() const {
  auto lines = [&](Place place) {
    std::string text;
    auto found = places_.find(place);
    if (found == places_.end()) return text;
    for (const std::string& line : found->second.lines) text += line + "\n";
    return text;
  };
  std::string text = lines(Place::head);
  for (const std::string& each : policies_) text += "\n" + each;
  text += "\n[local]\n" + lines(Place::local) + "\n[remote]\n" + lines(Place::remote);
  if (const std::string last = lines(Place::foot); !last.empty()) text += "\n" + last;
  return text;
}

std::optional<std::string> patternText(std::string_view pattern) {
  const auto name = wireSpelling(pattern);
  if (!name || name->empty()) return std::nullopt;
  constexpr std::string_view kQuoted = "\"()\\{";
  const bool plain = std::ranges::all_of(
      *name, [&](char c) { return c > ' ' && c < 0x7f && kQuoted.find(c) == kQuoted.npos; });
  if (plain) return name;
  std::string text = "\"";
  for (char c : *name) {
    if (c != '\0' && (c < ' ' || c == 0x7f)) return std::nullopt;
    if (c == '"' || c == '\\' || c == '\0') text += '\\';
    text += c == '\0' ? '0' : c;
  }
  return text + "\"";
}

std::optional<std::string> expressionText(std::string_view pattern) {
  const auto name = wireSpelling(pattern);
  if (!name || name->empty()) return std::nullopt;
  std::string text;
  for (char c : *name) {
    if (c == '*') {
      text += ".*";
    } else if (c == '%') {
      text += "[^\\x00]*";
    } else if (c == '\0') {
      text += "\\x00";
    } else {
      if (!isAlphanumeric(c)) text += '\\';
      text += c;
    }
  }
  return text;
}

bool isPlainName(std::string_view name) {
  constexpr std::size_t kLongest = 100;
  return !name.empty() && name.size() <= kLongest && name[0] != '.' && name[0] != '-' &&
         std::ranges::all_of(name,
                             [](char c) { return isAlphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

std::string withHome(const std::string& path) {
  const char* home = getenv("HOME");
  const bool ofHome = path == "~" || path.starts_with("~/");
  return ofHome && home != nullptr && *home == '/' ? home + path.substr(1) : path;
}

std::string dovecotCommand(const std::string& path, const std::string& inbox, bool plusPlus) {
  auto trimmed = [](std::string text) {
    while (text.size() > 1 && text.ends_with('/')) text.pop_back();
    return text;
  };
  std::string location = "maildir:" + trimmed(withHome(path));
  if (!plusPlus) location += ":LAYOUT=fs";
  if (!inbox.empty()) location += ":INBOX=" + trimmed(withHome(inbox));
  return "/usr/lib/dovecot/imap -o " + quotedForShell("mail_location=" + location);
}

}  // namespace interimap::imports
