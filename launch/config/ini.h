// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The grammar of the configuration file: sections of properties, all of them text.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ipc/secret.h"

namespace interimap {

struct Property {
  Secret value;  // any of them may be a password
  std::size_t line = 0;
};

using Section = std::map<std::string, Property, std::less<>>;

struct Ini {
  static constexpr std::string_view kDefault = "_";  // the section before any header
  // Sections of the same name are one; of several properties with one key the last one counts.
  std::map<std::string, Section, std::less<>> sections;
  struct Header {
    std::string section;
    std::size_t line = 0;
  };
  std::vector<Header> headers;  // as they stand in the file
  // The one key of which all lines count, and not only the last one.
  static constexpr std::string_view kMap = "map";
  struct MapLine {
    std::string section, value;
    std::size_t line = 0;
  };
  std::vector<MapLine> maps;  // as they stand in the file

  // Throws Failure(config) that says "FILE:LINE: …" and does not quote the line: it may hold a password.
  static Ini parse(std::string_view text, const std::string& file);
};

}  // namespace interimap
