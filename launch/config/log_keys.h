// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The keys that say where log lines go and how they look.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "launch/config/key.h"

namespace interimap {

extern const std::span<const Key> kLogKeys;

struct LogKeys {
  std::optional<std::string> logfile;
  std::string prefix;  // log_prefix.h
  static LogKeys read(const Keys& keys);
};

}  // namespace interimap
