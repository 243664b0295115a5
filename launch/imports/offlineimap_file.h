// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The grammar of OfflineIMAP's configuration file, which is that of Python's configparser.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace interimap::imports {

struct OfflineImapFile {
  struct Value {
    std::string text;  // lines of it, without the blanks around them
    std::size_t line;
  };
  using Section = std::map<std::string, Value, std::less<>>;  // keys in lower case
  std::map<std::string, Section, std::less<>> sections;

  // Throws Failure(config) "FILE:LINE: …", which does not quote the line: it may hold a password.
  static OfflineImapFile parse(std::string_view text, const std::string& file);

  // Also what the section DEFAULT says for all.
  const Value* find(std::string_view section, std::string_view key) const;
};

}  // namespace interimap::imports
