// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// How long the transport waits, and how much it holds. A deadline means lack of progress, not total time;
// the handshakes have a total as well, so that a peer cannot drip through them octet by octet.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "transport/stream.h"

namespace interimap {

using namespace std::chrono_literals;

inline constexpr std::chrono::milliseconds kConnectDeadline = 30s;     // each address
inline constexpr std::chrono::milliseconds kNextAddressAfter = 250ms;  // RFC 8305 section 5
inline constexpr std::chrono::milliseconds kHandshakeDeadline = 30s;   // without an octet
inline constexpr std::chrono::milliseconds kHandshakeTotal = 120s;     // SOCKS or TLS as a whole

inline constexpr std::size_t kMostAddresses = 16;    // of one name that are tried
inline constexpr std::size_t kMostHeldBack = 65536;  // octets a layer keeps for the one below
inline constexpr std::size_t kMostNamesShown = 8;    // of a certificate, in one error message
inline constexpr std::size_t kMostNameShown = 256;   // octets of each
inline constexpr int kMostCertificatesShown = 10;    // of a chain, at debug level

// Dead peers of a connection that may be silent for hours: --watch, --notify, --idle.
inline constexpr int kKeepAliveIdle = 60, kKeepAliveInterval = 20,
                     kKeepAliveCount = 3;          // seconds, seconds, probes
inline constexpr unsigned kUserTimeout = 120'000;  // milliseconds that sent octets may stay unacknowledged

// A dialogue in progress: each await() is a wait for the next octet.
class Patience {
 public:
  using Clock = std::chrono::steady_clock;
  Patience(std::chrono::milliseconds step, std::chrono::milliseconds total);
  // Waits until `stream` can go on after a call that said again. False when patience is exhausted.
  bool await(const Stream& stream);

 private:
  std::chrono::milliseconds step_;
  Clock::time_point end_;
};

}  // namespace interimap
