// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Lines that a server can make us log as often as it likes: so many of each kind a minute, the rest is
// counted. What is logged goes to files, and a server must not be able to fill a disk.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "transport/log.h"

namespace interimap {

class Chatter {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Chatter(Log log) : log_(std::move(log)) {}

  // `kind` is ours, or one of a few that a server can choose from.
  void say(const std::string& kind, LogLevel level, const std::string& text,
           Clock::time_point now = Clock::now());
  // What was counted and not said.
  void tell();

 private:
  struct Said {
    LogLevel level;
    Clock::time_point since;
    unsigned lines = 0;
    std::uint64_t counted = 0;
  };
  void tell(const std::string& kind, Said& said);

  Log log_;
  std::map<std::string, Said> said_;
};

}  // namespace interimap
