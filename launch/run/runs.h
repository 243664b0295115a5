// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The runs that the program is made of: one, or with --watch and --idle one after another, each as long as
// its connections last.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <variant>

#include "launch/run/backoff.h"
#include "launch/run/run.h"

namespace interimap {

class Runs {
 public:
  // What a run is to do, made anew for each, since it takes the passwords with it; or what the user asked for
  // while it was made.
  using Settings = std::function<std::variant<AnySettings, Asked>()>;

  // `longest` is how long to wait at most for a server that is away.
  Runs(Surroundings around, bool watching, std::uint32_t seed,
       std::chrono::milliseconds longest = Backoff::kAway.longest)
      : around_(around),
        watching_(watching),
        away_(seed, Backoff::kAway.notLongerThan(longest)),
        broken_(seed, Backoff::kBroken.notLongerThan(longest)),
        refused_(seed, Backoff::kRefused),
        throttled_(seed, Backoff::kThrottled) {}

  // Returns the exit status of the program; throws Failure if a run cannot be started. A watcher that has had
  // its passwords before tries again if it does not get them (noPermission).
  int all(const Settings& settings);
  // What the last run brought, if it was to export the state.
  const std::string& exported() const { return exported_; }
  const std::vector<Finding>& findings() const { return findings_; }  // ditto, if it was to find them
  const Done& done() const { return done_; }                          // by the last run

 private:
  // Waits for a server that hung up because it is asked too much; what the user asked for meanwhile. Nothing
  // at all if it is too long to be waited for.
  std::optional<Asked> comeBack(const RunEnd& end);
  RunEnd one(const Settings& settings, Reached before);
  // For a run, or how that ended before it began.
  std::variant<AnySettings, RunEnd> make(const Settings& settings, Reached before);
  // Until it is time for another run, or the user asks to stop.
  Asked wait(std::chrono::milliseconds time);
  // An access token is no good any more: whether to ask for another one and to go on at once. If not, `end`
  // is that of any other failure from then on.
  bool renews(RunEnd& end, std::chrono::steady_clock::duration lasted);
  int stop(Asked asked);

  Surroundings around_;
  bool watching_;
  // How long to wait for a server that is away, whose line broke, or that refused us.
  Backoff away_, broken_, refused_;
  Backoff throttled_;                   // or that is asked too much
  std::chrono::milliseconds waited_{};  // for such a one, since something was copied
  std::string exported_;
  // Access tokens: one that was refused has been asked for once more; sessions that were ended because of
  // theirs, and since when that is counted.
  bool askedAgain_ = false;
  unsigned expired_ = 0;
  std::chrono::steady_clock::time_point expiredSince_{};
  std::vector<Finding> findings_;
  Done done_;
};

}  // namespace interimap
