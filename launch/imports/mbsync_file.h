// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The grammar of mbsync's configuration file: lines of words, in sections that an empty line ends.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace interimap::imports {

struct MbsyncFile {
  struct Line {
    std::string key;  // in lower case
    std::vector<std::string> words;
    std::size_t number;
    std::string word() const { return words.empty() ? "" : words[0]; }
  };
  struct Section {
    std::string kind, name;  // kind in lower case
    std::size_t number;
    std::vector<Line> lines;
    const Line* find(std::string_view key) const;  // the last of them
    std::string value(std::string_view key) const {
      const Line* line = find(key);
      return line ? line->word() : "";
    }
  };
  std::vector<Line> global;
  std::vector<Section> sections;

  // Throws Failure(config) "FILE:LINE: …", which does not quote the line: it may hold a password.
  static MbsyncFile parse(std::string_view text, const std::string& file);

  const Section* find(std::string_view kind, std::string_view name) const;
};

std::string lower(std::string_view text);

}  // namespace interimap::imports
