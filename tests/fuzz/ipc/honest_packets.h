// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Packets as honest processes send them, of every kind and with something in every field, to be spoilt.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "ipc/channel.h"

namespace interimap::fuzz {

enum class Edge : std::uint8_t { request, answer, order, report, deliveryRequest, deliveryAnswer };
inline constexpr unsigned kEdges = 6;

struct Honest {
  Edge edge;
  std::vector<std::uint64_t> words;
  bool descriptor;  // came with it
};

const std::vector<Honest>& honestPackets();

inline constexpr std::string_view kBody = "From: a\r\n\r\nbody\r\n";
Descriptor sealedBody();  // a sealed memfd that holds kBody

}  // namespace interimap::fuzz
