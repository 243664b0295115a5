// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Loopback TCP ports.
#pragma once

#include <netinet/in.h>

#include <cstdint>

namespace interimap::bed {

// Free a moment ago on 127.0.0.1 and ::1, and below the range that the kernel hands out by itself. Another
// process may take it first: whoever listens on it tries again with another.
std::uint16_t freePort();
bool hasIpv6();
bool accepts(std::uint16_t port);  // somebody listens

sockaddr_in loopback(std::uint16_t port);  // 127.0.0.1
// A socket that listens there, on a port of the kernel's choice, and that port. `flags`: SOCK_NONBLOCK.
int listenOnLoopback(std::uint16_t& port, int flags = 0);

}  // namespace interimap::bed
