// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The command of on-change, which is run after something was done, and finds in its environment what that
// was.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "launch/run/signals.h"
#include "launch/show/done.h"
#include "launch/show/log.h"

namespace interimap {

class ChangeCommand {
 public:
  static constexpr std::chrono::milliseconds kTime{30'000};

  // `whose`: "INTERIMAP_ACCOUNT=alice", "PULLIMAP_SECTION=work".
  ChangeCommand(std::string command, std::string whose, std::chrono::milliseconds time = kTime)
      : command_(std::move(command)), whose_(std::move(whose)), time_(time) {}

  // Runs it, unless nothing was done, and waits for it. That it fails is a warning. What the user asked for
  // meanwhile, if anything: then it is ended.
  std::optional<Asked> tell(const Done& done, Log& log, Signals& signals) const;

  static std::vector<std::string> environment(const Done& done);  // "INTERIMAP_EXPUNGED=3"

 private:
  std::string command_, whose_;
  std::chrono::milliseconds time_;
};

}  // namespace interimap
