// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The two servers that interimap keeps identical, and a value for each of them.
#pragma once

#include <cstdint>

namespace interimap {

// Which account a net serves, a log line speaks of, a UID belongs to.
enum class Side : std::uint8_t { local, remote };

inline constexpr Side kSides[] = {Side::local, Side::remote};
inline constexpr Side other(Side side) { return side == Side::local ? Side::remote : Side::local; }

template <typename T>
struct Both {
  T local{}, remote{};
  T& operator[](Side side) { return side == Side::local ? local : remote; }
  const T& operator[](Side side) const { return side == Side::local ? local : remote; }
};

}  // namespace interimap
