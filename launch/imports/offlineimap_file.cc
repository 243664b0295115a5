// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/imports/offlineimap_file.h"

#include "ipc/failure.h"
#include "launch/config/blanks.h"
#include "launch/imports/mbsync_file.h"

namespace interimap::imports {

namespace {

// "%%" is a percent sign.
std::string withoutDoubling(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    out += text[at];
    if (text.substr(at, 2) == "%%") ++at;
  }
  return out;
}

}  // namespace

const OfflineImapFile::Value* OfflineImapFile::find(std::string_view section, std::string_view key) const {
  for (const std::string_view name : {section, std::string_view("DEFAULT")})
    if (auto found = sections.find(name); found != sections.end())
      if (auto value = found->second.find(key); value != found->second.end()) return &value->second;
  return nullptr;
}

OfflineImapFile OfflineImapFile::parse(std::string_view text, const std::string& file) {
  OfflineImapFile all;
  Section* section = nullptr;
  Value* value = nullptr;  // that a line which is further in goes on with
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    const std::string_view line = text.substr(0, end), trimmed = trim(line);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    auto refuse = [&](const char* why) {
      throw Failure(ExitStatus::config, file + ":" + std::to_string(number) + ": " + why);
    };
    if (line.find('\0') != line.npos) refuse("a NUL character");
    if (trimmed.empty() || trimmed[0] == '#' || trimmed[0] == ';') continue;
    if (kBlanks.find(line[0]) != kBlanks.npos && value) {
      (value->text += '\n') += withoutDoubling(trimmed);
      continue;
    }
    if (trimmed[0] == '[') {
      const auto close = trimmed.rfind(']');
      if (close == trimmed.npos || close == 1) refuse("a section without a name");
      section = &all.sections[std::string(trim(trimmed.substr(1, close - 1)))];
      value = nullptr;
      continue;
    }
    const auto mark = trimmed.find_first_of("=:");
    const std::string_view key = trim(trimmed.substr(0, mark));
    if (mark == trimmed.npos || key.empty())
      refuse("neither a [section], nor \"key = value\", nor a comment");
    if (!section) refuse("a key before the first section");
    value = &((*section)[lower(key)] = {withoutDoubling(trim(trimmed.substr(mark + 1))), number});
  }
  return all;
}

}  // namespace interimap::imports
