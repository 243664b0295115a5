// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What a server may make this process hold, and how much is under way at once. Every bound on SMTP is here,
// with its reason; how long it waits stands in deadlines.h.
#pragma once

#include <cstddef>
#include <cstdint>

namespace interimap::limits {

// Reading.
inline constexpr std::size_t kReadBuffer = 16384;
inline constexpr std::size_t kLongestReplyLine = 2048;  // octets; RFC 5321 section 4.5.3.1.5 says 512
inline constexpr std::size_t kMostReplyLines = 128;     // of one reply; an EHLO has about fifteen

// Writing.
inline constexpr std::size_t kLongestCommand = 512;  // octets, CRLF included; RFC 5321 section 4.5.3.1.4
inline constexpr std::size_t kOutBuffer = 65536;  // octets; a body's end and the next envelope are one write
inline constexpr std::size_t kBodyPiece = 32768;  // octets of a body normalised at once
inline constexpr std::size_t kMostCarriageReturns = 16;  // in a row, waiting for what follows them

// Messages begun whose end is not known yet. With BDAT they need no round trip each, but all of them are in
// doubt when the connection is lost, so not too many.
inline constexpr std::size_t kMostInFlight = 32;
inline constexpr std::uint64_t kMostInFlightOctets = 1 << 20;
// A larger body waits until the server has taken the envelope: a round trip that costs less than sending it
// in vain.
inline constexpr std::uint64_t kUnaskedBody = 128 << 10;

// Queues. Beyond the first sync is not listened to, beyond the second the server is not either.
inline constexpr std::size_t kMostWaiting = 512;       // messages
inline constexpr std::size_t kMostQueuedLines = 2000;  // log lines for launch

inline constexpr std::size_t kLongestEhlo = 255;  // octets of our own name; RFC 5321 section 4.5.3.1.2

}  // namespace interimap::limits
