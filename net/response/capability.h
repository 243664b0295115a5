// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What the server said it can do (RFC 3501 section 7.2.1).
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "ipc/ascii.h"

namespace interimap {

class Capabilities {
 public:
  // capability-data without its first word: atoms between blanks. More blanks than needed do no harm.
  static Capabilities parse(std::string_view text) {
    Capabilities capabilities;
    for (std::size_t at = 0; at < text.size();) {
      auto end = std::min(text.find(' ', at), text.size());
      if (end > at) capabilities.names_.push_back(asciiUpper(text.substr(at, end - at)));
      at = end + 1;
    }
    return capabilities;
  }

  bool has(std::string_view name) const {
    return std::find(names_.begin(), names_.end(), name) != names_.end();
  }
  bool hasAny(std::string_view prefix) const {
    return std::any_of(names_.begin(), names_.end(),
                       [&](const auto& name) { return name.starts_with(prefix); });
  }
  bool known() const { return !names_.empty(); }  // a server that told them told at least IMAP4rev1

 private:
  std::vector<std::string> names_;  // in upper case
};

}  // namespace interimap
