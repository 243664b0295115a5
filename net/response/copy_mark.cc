// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/response/copy_mark.h"

#include <algorithm>

#include "ipc/ascii.h"

namespace interimap {

bool isCopyMark(std::string_view line) {
  if (line.size() > kLongestCopyMark || line.empty() || asciiUpper(line[0]) != 'X') return false;
  for (std::string_view name : {"X-TUID:", "X-OFFLINEIMAP:"})
    if (std::ranges::equal(line.substr(0, name.size()), name, {}, [](char c) { return asciiUpper(c); }))
      return true;
  return false;
}

}  // namespace interimap
