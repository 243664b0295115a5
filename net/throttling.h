// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A server that is asked too much: in which words it says so, and how long it is left alone then.
//
// There is no standard for it. Exchange names the time in a tagged BAD or NO, "Request is throttled.
// Suggested Backoff Time: 299609 milliseconds"; Gmail has [OVERQUOTA] for its limits on commands and octets,
// and [THROTTLED] in the text of an OK; others have the codes of RFC 5530 section 3, words, or a BYE.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "net/response/resp_text.h"
#include "net/wire/limits.h"

namespace interimap {

struct Throttled {
  enum class Why : std::uint8_t {
    slower,   // it was done, and the next one is to come later
    later,    // it may be done in a moment; perhaps it is this command alone that is refused
    tooMuch,  // likewise, and it is we who ask too much
    quota,    // of commands or octets: it may be done in some minutes, or hours
  };
  Why why = Why::later;
  std::optional<std::chrono::milliseconds> named{};  // how long the server asks to wait
  bool operator==(const Throttled&) const = default;

  // In the tagged response to that command, "UID FETCH".
  static std::optional<Throttled> inAnswer(const StatusResponse& status, std::string_view command);
  // In a BYE: the connection ends, and another one may be made later.
  static std::optional<Throttled> inBye(std::string_view text);
};

// How long it is left alone; shorter in tests.
struct Rests {
  std::chrono::milliseconds slower = limits::kSlower, later = limits::kLater, quota = limits::kQuota;
};

class Throttle {
 public:
  using Clock = std::chrono::steady_clock;
  // Is told of each rest when it begins, or if it would be too long: what there is to say of it.
  using Tell = std::function<void(std::chrono::milliseconds length, const std::string& text, bool tooLong)>;

  // All in all `most`, as long as there is no answer of any other kind.
  Throttle(std::chrono::milliseconds most, Rests rests, Tell tell)
      : most_(most), rests_(rests), tell_(std::move(tell)) {}

  // A rest begins, or the one that there is becomes longer. Throws Failure (tryAgain) if all in all it would
  // be too long; tells of it before.
  void refused(const Throttled& said, const std::string& words, Clock::time_point now = Clock::now());
  // The server does what it is asked again.
  void passed();
  // What was refused is given up, so that nothing waits any more.
  void lift() { until_.reset(); }

  bool resting() { return left().count() > 0; }
  std::chrono::milliseconds left() { return until_ ? left(Clock::now()) : std::chrono::milliseconds(0); }
  std::chrono::milliseconds left(Clock::time_point now);
  // Since the server last did what it was asked, it has refused something.
  bool isThrottled() const { return since_.has_value(); }

 private:
  std::chrono::milliseconds length(const Throttled& said);

  std::chrono::milliseconds most_;
  Rests rests_;
  Tell tell_;
  std::optional<Clock::time_point> since_;  // refusals, and nothing else
  std::optional<Clock::time_point> until_;  // of the rest
  // Several connections that were refused together do not come back together.
  std::minstd_rand random_{static_cast<std::uint32_t>(Clock::now().time_since_epoch().count())};
  unsigned rest_ = 0;    // the how many-th since
  unsigned slower_ = 0;  // ditto, between commands that were done
};

}  // namespace interimap
