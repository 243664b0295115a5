// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The statistics shown when a connection ends.
#pragma once

#include <cstdint>
#include <string>

#include "ipc/launch.h"

namespace interimap {

// "1023", "1.50K", "3.41M", "2.00G", in powers of 1024.
std::string octetsText(std::uint64_t octets);

// Of several connections; to be begun with an empty sum.
void add(Traffic& sum, const Traffic& more);

// "IMAP traffic (bytes): recv A (compr. C, factor F) sent B (compr. D, factor G)"; a factor is what
// compression left of the traffic.
std::string trafficText(const Traffic& traffic);

}  // namespace interimap
