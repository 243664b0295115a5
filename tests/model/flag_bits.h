// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Flags of the simulated servers: one bit each, so that a message's flags are a number.
#pragma once

#include <cstdint>
#include <string>

#include "ipc/flags.h"

namespace interimap::model {

using FlagBits = std::uint8_t;

inline constexpr const char* kFlagNames[] = {"\\Seen",    "\\Flagged", "\\Answered",
                                             "\\Deleted", "work",      "$home"};
inline constexpr FlagBits kFlagged = 2, kDeleted = 8, kSystemFlags = 0x0f, kWork = 0x10, kAllFlags = 0x3f;

inline std::string flagText(FlagBits bits) {
  std::string text;
  for (unsigned i = 0; i < 6; ++i)
    if (bits >> i & 1) text.append(text.empty() ? "" : " ").append(kFlagNames[i]);
  return text;
}

inline Flags toFlags(FlagBits bits) { return *Flags::parse(flagText(bits)); }

inline FlagBits toBits(const Flags& flags) {
  FlagBits bits = 0;
  flags.each([&](std::string_view flag) {
    for (unsigned i = 0; i < 6; ++i)
      if (flag == kFlagNames[i]) bits |= static_cast<FlagBits>(1U << i);
  });
  return bits;
}

}  // namespace interimap::model
