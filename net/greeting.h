// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The greeting (RFC 3501 section 7.1): the first thing that a server says, or nearly.
#pragma once

#include <optional>

#include "net/response/resp_text.h"

namespace interimap {

class Greeting {
 public:
  // An untagged status response, as long as it has not come(). Throws Failure if it is none to go on with.
  // Courier says "* OK [ALERT] ..." when it is short of something, and only then its greeting.
  void take(StatusResponse status);

  bool come() const { return greeting_.has_value(); }
  // An alert that may be it after all, if nothing follows.
  bool perhaps() const { return alert_.has_value(); }
  void nothingFollows() { greeting_.swap(alert_); }

  const StatusResponse& operator*() const { return *greeting_; }

 private:
  std::optional<StatusResponse> greeting_, alert_;
};

}  // namespace interimap
