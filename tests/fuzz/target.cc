// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/fuzz/target.h"

#include <cstdio>
#include <cstdlib>

namespace interimap::fuzz {

std::map<std::string, Attempt>& targets() {
  static std::map<std::string, Attempt> all;  // filled before main(), from several files
  return all;
}

void require(bool holds, const char* what) {
  if (holds) return;
  fprintf(stderr, "does not hold: %s\n", what);
  abort();
}

std::string_view takeLine(std::string_view& octets) {
  std::string_view line = octets.substr(0, octets.find('\n'));
  octets.remove_prefix(line.size() < octets.size() ? line.size() + 1 : line.size());
  return line;
}

}  // namespace interimap::fuzz
