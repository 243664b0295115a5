// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "ipc/internal_date.h"

#include "tests/fuzz/target.h"

using namespace interimap;
using fuzz::require;

FUZZ(internal_date) {
  auto date = InternalDate::parse(octets);
  if (!date) return;
  require(date->text() == octets, "the text is what came");
  constexpr std::string_view kAllowed = " -+:0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  require(octets.find_first_not_of(kAllowed) == octets.npos, "nothing in it ends a quoted string");
}
