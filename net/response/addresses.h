// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The addresses in a header field that mail servers write: Delivered-To, X-Original-To, Envelope-To.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "ipc/imap.h"
#include "ipc/path.h"

namespace interimap {

// What the addresses of one message may take up.
struct AddressRoom {
  std::size_t addresses = kMostNamed, octets = kMostNamedOctets;
};

// Between commas, each in angle brackets or not, and each once. None if there is anything else in it, or more
// than there is room for: a list of which a part is left out would be a wrong one.
std::vector<ForwardPath> readAddresses(std::string_view value, AddressRoom& room);

}  // namespace interimap
