// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What a server may make this process hold, read or wait for. Every bound on IMAP is here, with its reason;
// those of the transport below are in transport/deadlines.h.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace interimap::limits {

using namespace std::chrono_literals;

// Deadlines: without progress, of what is received or sent.
inline constexpr std::chrono::seconds kGreeting = 60s;  // some servers look clients up in DNS lists first
// How long a greeting with [ALERT] may turn out to be none: Courier puts one in front of its greeting.
inline constexpr std::chrono::seconds kAfterAlert = 1s;
inline constexpr std::chrono::seconds kCommand =
    300s;  // virus scanners sit behind APPEND, slow disks behind SELECT

// What counts as one: a response, or so many octets of one that goes on. Fifty-five a second are enough.
inline constexpr std::uint64_t kProgress = 16384;
// Responses that nobody has use for, between two that complete a command: other people's changes are some, a
// server that never comes to an end sends more.
inline constexpr std::uint64_t kMostUnasked = 4'000'000;

inline constexpr std::size_t kExcerpt = 200;  // characters of a response in a message about it
// Of each kind of line that a server can make us log, so many a minute; the rest is counted.
inline constexpr unsigned kMostOfAKind = 10;
inline constexpr std::size_t kMostKinds = 64;  // and of further kinds none

inline constexpr std::chrono::seconds kNotifyHolds = 60s;  // a NOTIFY that overflows sooner is given up
inline constexpr std::chrono::milliseconds kSocks = 30s;   // each reply of a proxy

// How long a server is left alone that asks for it without naming a time: the first time; then twice as long
// each time, up to the longest. One that names a time is left alone for that long, but never asked more often
// than this, twice as long each time.
inline constexpr std::chrono::milliseconds kSlower = 50ms, kLongestSlower = 16s;  // between two commands
inline constexpr std::chrono::milliseconds kLater = 1s, kLongestLater = 5min;     // a command was refused
inline constexpr std::chrono::milliseconds kQuota = 5min, kLongestQuota = 2h;     // for its day's share
inline constexpr std::chrono::milliseconds kShortestNamed = 100ms;
// A command that is refused so often, while what was sent behind it is done, is refused for good.
inline constexpr unsigned kMostRefusals = 3;
// So many commands that got BAD with others before them unanswered are sent once more by themselves, to see
// whether that was why.
inline constexpr unsigned kMostTrials = 3;

// A DEFLATE stream may not have grown to more than kMostInflated + kMostInflateRatio * octets received. Mail
// compresses 3:1 to 20:1, a large attachment of zeros 1000:1: the first such ones are let through.
inline constexpr std::uint64_t kMostInflated = std::uint64_t{64} << 20;
inline constexpr std::uint64_t kMostInflateRatio = 200;

// When a connection is compressed if nothing else was asked for; see net/compression_policy.h.
inline constexpr std::chrono::microseconds kNearby = 2ms;  // a round trip within a building
inline constexpr std::uint64_t kWorthCompressing =
    256 << 10;  // octets of bodies; below, the round trip costs more
inline constexpr std::uint64_t kLikelyMessage = 16 << 10;  // octets of a message whose size net does not know

// Reading.
inline constexpr std::size_t kReadBuffer =
    262144;  // sixteen TLS records; what a socket holds, on a fast link
inline constexpr std::size_t kReadBeforeDeflate = 16384;  // what startDeflate() takes back
inline constexpr std::size_t kLongestResponse =
    1024 * 1024;                                       // one response without streamed literals: every flag
                                                       // of a message as long and as many as Flags allows
inline constexpr std::size_t kLongestLiteral = 65536;  // names, envelope strings; not bodies and headers
inline constexpr std::uint64_t kLongestStreamed = 0xffffffffU;  // RFC 3501 section 9, `number`
inline constexpr std::size_t kMostLiterals = 256;  // in one response: an ENVELOPE has a few dozen strings
inline constexpr std::size_t kMostStreamed = 8;    // bodies and headers in one response; we ask for one
inline constexpr std::size_t kKeptOfLine = 1024;   // of a line in a FETCH response that is too long: its end
inline constexpr std::uint64_t kMostLeftOut = std::uint64_t{64}
                                              << 20;  // octets left out of one response: an ENVELOPE of a
                                                      // hundred thousand recipients has a tenth of that
inline constexpr std::size_t kLongestBroken =
    65536;                                       // of a line in an ENVELOPE that goes on behind a line break
inline constexpr std::size_t kSetPiece = 32768;  // a VANISHED or SEARCH longer than this comes in pieces
inline constexpr int kDeepest = 32;              // nesting of parentheses in what is skipped

// What one answer to sync may hold, so that its packet stays below Channel::kMostBytes.
inline constexpr std::size_t kLongestFlags = 16384;  // the flags of one message; a few hundred long keywords
inline constexpr std::size_t kLongestName = 4096;    // a mailbox name; MailboxName::kLongest
inline constexpr std::size_t kAnswerBytes = 32768;   // variable parts: flags, names
inline constexpr std::size_t kMostMailboxes = 200000;     // LIST responses to one command
inline constexpr std::size_t kMostHeld = 1024;            // FETCH responses between SELECT and [CLOSED]
inline constexpr std::uint64_t kWindowOctets = 16 << 20;  // bodies in one Window, if more than one message

inline constexpr std::size_t kMostHeldAnswers = 256;  // packets of a request that wait for one before it
inline constexpr std::size_t kMostHeldInRest = 2048;  // ditto while that one is to be sent once more

// Queues. Beyond these net stops reading from the one who fills them.
inline constexpr std::size_t kMostQueuedAnswers = 32;  // packets for sync, each up to 64 KiB or one Window
inline constexpr std::size_t kMostQueuedLines = 2000;  // log lines for launch
inline constexpr std::size_t kMostCommands = 256;      // in flight or waiting to be written
inline constexpr std::size_t kMostStatus = 1000;       // STATUS commands at once, where LIST does not tell
inline constexpr std::size_t kMostWaiting = 128;       // requests read from sync and not begun
inline constexpr std::size_t kOutBuffer = 65536;       // octets prepared for the stream

// At a rate that is limited: what a socket takes ahead of us by itself, in octets, and may be told to.
inline constexpr std::uint64_t kFirstWindow = 65536, kLeastWindow = 4096;

// Sending.
inline constexpr std::size_t kLongestSet = 4096;  // characters of a UID set in a command; Dovecot takes 64
                                                  // KiB, RFC 7162 section 4 asks for 8192 octets per line
inline constexpr std::uint64_t kLiteralMinus = 4096;  // octets: RFC 7888 section 5

}  // namespace interimap::limits
