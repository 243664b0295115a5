// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The keys that say where log lines go and how they look.
#pragma once

#include <optional>
#include <string>
#include <tuple>

#include "launch/config/values.h"

namespace interimap {

struct LogKeys {
  std::optional<std::string> logfile;
  std::string prefix = "%?n?%?m?%n(%m)&%n?: ?";  // log_prefix.h: "local(INBOX): ", "local: " or nothing

  static constexpr auto rows() {
    return std::tuple{
        settings::Key("logfile", &LogKeys::logfile, settings::as::Path{}),
        settings::Key("log-prefix", &LogKeys::prefix, settings::as::LogPrefix{}),
    };
  }
};

}  // namespace interimap
