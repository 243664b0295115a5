// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/config/modified_utf7.h"

#include <algorithm>

#include "launch/show/utf8.h"
#include "tests/fuzz/target.h"

using namespace interimap;
using fuzz::require;

FUZZ(modified_utf7) {
  auto wire = toModifiedUtf7(octets);
  require(wire.has_value() == isUtf8(octets), "UTF-8 has a spelling, and nothing else has");
  if (!wire) return;
  require(std::ranges::none_of(*wire, [](unsigned char c) { return c > 0x7f; }), "it is US-ASCII");
  if (octets.find('&') == octets.npos &&
      std::ranges::all_of(octets, [](char c) { return c >= ' ' && c < 0x7f; }))
    require(*wire == octets, "printable text stays as it is");
}
