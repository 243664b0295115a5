// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What pullimap was asked for on its command line.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "launch/config/options.h"

namespace interimap {

struct PullArguments {
  bool help = false, version = false;
  bool quiet = false;
  std::uint8_t debug = 0;         // 0 … 2, see settings::Net
  std::string config = "config";  // as given; paths.h resolves it
  bool json = false;              // --log-format
  std::optional<unsigned> idle;   // seconds between two looks, whatever the server tells
  bool deliver = true;
  bool retryRefused = false, forgetRefused = false;
  std::optional<std::string> exportStatefile;
  bool status = false;
  bool check = false;
  bool all = false;                   // every section of the configuration
  std::vector<std::string> sections;  // each once; none with `all`
};

// `words` without the program's name.
std::variant<PullArguments, UsageError> parsePullArguments(std::span<const std::string_view> words);

extern const std::string_view kPullHelp, kPullUsage;

}  // namespace interimap
