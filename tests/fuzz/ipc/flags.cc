// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "ipc/flags.h"

#include "tests/fuzz/target.h"

using namespace interimap;
using fuzz::require;

// Two sets, a line each.
FUZZ(flags) {
  auto a = Flags::parse(fuzz::takeLine(octets)), b = Flags::parse(octets);
  if (a) {
    require(Flags::parse(a->text()) == a, "flags survive being written down");
    require(!a->contains("\\Recent"), "\\Recent is no flag of ours");
    a->each([&](std::string_view flag) {
      require(Flags::isFlag(flag), "what is in a set is a flag");
      require(a->contains(flag), "what is in a set is found");
    });
  }
  if (!a || !b) return;
  Flags all = *a | *b;
  require((all - *a) == (*b - *a), "a + b - a is b - a");
  require(((*a & *b) | (*a - *b)) == *a, "(a & b) + (a - b) is a");
  require((all & *b) == *b, "b is in a + b");
}
