// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// For the tests: where sync shall die, as the environment says.
#pragma once

#include <stdlib.h>

#include <cstdint>

namespace interimap {

// `Settings`: settings::Sync or settings::Pull.
template <class Settings>
void setStopAtWrite(Settings& sync) {
  auto number = [](const char* text) { return static_cast<std::uint32_t>(strtoul(text, nullptr, 10)); };
  if (const char* before = getenv("INTERIMAP_STOP_AT_WRITE")) sync.stopAtWrite = number(before);
  if (const char* after = getenv("INTERIMAP_STOP_AFTER_WRITE")) {
    sync.stopAtWrite = number(after);
    sync.stopAfterWrite = true;
  }
}

}  // namespace interimap
