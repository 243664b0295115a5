// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// How long the server has been silent, and how long it may be. The clock starts anew with every sign of life,
// and does not run while nothing is awaited, or while we do not listen ourselves.
#pragma once

#include <chrono>
#include <cstdint>

#include "net/wire/limits.h"

namespace interimap {

// How long a server may be silent when it is its turn; shorter in tests. And how soon one answers that is
// near.
struct Deadlines {
  std::chrono::milliseconds greeting = limits::kGreeting, afterAlert = limits::kAfterAlert,
                            command = limits::kCommand;
  std::chrono::microseconds nearby = limits::kNearby;
};

enum class Awaited : std::uint8_t { nothing, greeting, otherGreeting, answer, news };

class Silence {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Silence(const Deadlines& deadlines, Clock::time_point now = Clock::now())
      : deadlines_(deadlines), since_(now) {}

  // From now on it is the server's turn: something was sent, or begun.
  void restart(Clock::time_point now = Clock::now()) { since_ = now; }
  // A response is complete. `received` counts octets since the connection began.
  void heard(std::uint64_t received, Clock::time_point now = Clock::now());
  // So much has come, of a response that is not complete: some progress, if it is enough.
  void receiving(std::uint64_t received, Clock::time_point now = Clock::now());

  // News are waited for, which may take that long before the server is asked for a sign of life; 0: for ever.
  void watch(std::chrono::seconds seconds, Clock::time_point now = Clock::now());

  // How long this may take altogether, without a sign of life; not for nothing.
  std::chrono::milliseconds allowed(Awaited awaited) const;
  bool over(Awaited awaited, Clock::time_point now = Clock::now()) const;
  // Milliseconds until it is over, for poll; -1: for ever.
  int left(Awaited awaited, Clock::time_point now = Clock::now());

  // A response that nobody asked for. Throws Failure if they have no end: a server that talks and talks is
  // never silent.
  void unasked();
  // A command was completed.
  void answered() { unasked_ = 0; }

 private:
  bool forEver(Awaited awaited) const {
    return awaited == Awaited::nothing || (awaited == Awaited::news && watch_.count() == 0);
  }

  Deadlines deadlines_;
  std::chrono::seconds watch_{0};
  Clock::time_point since_;
  std::uint64_t receivedThen_ = 0;  // octets
  std::uint64_t unasked_ = 0;       // responses since a command was completed
};

}  // namespace interimap
