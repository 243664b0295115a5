// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A message that only one side has, to be copied to the other.
#pragma once

#include <cstdint>

#include "ipc/uid.h"

namespace interimap {

// Eight bytes: there may be a million.
struct Fresh {
  Uid uid;
  std::uint32_t size;  // octets, 2^32-1 for more
};

}  // namespace interimap
