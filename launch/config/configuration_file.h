// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The configuration file as it was when the program started.
#pragma once

#include <optional>
#include <string>

#include "ipc/secret.h"
#include "launch/config/ini.h"

namespace interimap {

struct ConfigurationFile {
  static constexpr std::size_t kMostOctets = 1 << 20;
  std::string path;
  Secret text;
  unsigned mode = 0;  // as of stat(2)

  // Throws Failure(config) "No such config file PATH", or "Cannot read configuration file PATH: …" unless it
  // is a regular file that can be read.
  static ConfigurationFile read(const std::string& path) {
    return read(path, {"config file", "configuration file", "a configuration", kMostOctets});
  }
  // The same for a file of another kind.
  struct Kind {
    const char *missing, *unreadable, *large;  // what it is called in these cases
    std::size_t mostOctets;
  };
  static ConfigurationFile read(const std::string& path, const Kind& kind);

  // Throws as Ini::parse does.
  Ini ini() const { return Ini::parse(text.reveal(), path); }
};

}  // namespace interimap
