// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/config/ini.h"

#include <utility>

#include "ipc/failure.h"
#include "launch/config/blanks.h"

namespace interimap {

namespace {

// Takes the next line off `rest`. Lines end with LF, CR LF, CR CR LF or CR.
std::string_view nextLine(std::string_view& rest) {
  auto end = rest.find_first_of("\r\n");
  std::string_view line = rest.substr(0, end);
  if (end == rest.npos) {
    rest = {};
    return line;
  }
  rest.remove_prefix(end);
  for (std::string_view ending : {"\r\r\n", "\r\n", "\r", "\n"})
    if (rest.starts_with(ending)) {
      rest.remove_prefix(ending.size());
      break;
    }
  return line;
}

// Blank, ";", blank and at least one more character: the rest is a comment, wherever it stands.
std::string_view withoutComment(std::string_view line) {
  for (std::size_t at = 0; at + 3 < line.size(); ++at)
    if (isBlank(line[at]) && line[at + 1] == ';' && isBlank(line[at + 2])) return line.substr(0, at);
  return line;
}

}  // namespace

Ini Ini::parse(std::string_view text, const std::string& file) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // a byte order mark is no part of a key
  Ini ini;
  std::string section(kDefault);
  for (std::size_t number = 1; !text.empty(); ++number) {
    std::string_view line = nextLine(text);
    std::string_view trimmed = trim(line);
    if (trimmed.empty() || trimmed[0] == '#' || trimmed[0] == ';') continue;
    trimmed = trim(withoutComment(line));
    if (trimmed.starts_with('[') && trimmed.ends_with(']')) {
      section = trim(trimmed.substr(1, trimmed.size() - 2));
      if (!section.empty()) {
        ini.sections[section];
        ini.headers.push_back({section, number});
        continue;
      }
    }
    auto equals = trimmed.find('=');
    std::string_view key = trim(trimmed.substr(0, equals));
    if (equals == trimmed.npos || key.empty())
      throw Failure(ExitStatus::config, file + ":" + std::to_string(number) +
                                            ": neither a [section], nor \"key = value\", nor a comment");
    const std::string_view value = trim(trimmed.substr(equals + 1));
    if (key == kMap) ini.maps.push_back({section, std::string(value), number});
    ini.sections[section].insert_or_assign(std::string(key), Property{Secret(std::string(value)), number});
  }
  return ini;
}

}  // namespace interimap
