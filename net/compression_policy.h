// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Whether a connection is worth compressing (RFC 4978). Negotiating costs a round trip in which nothing may
// be sent, and servers compress at some 20 MB/s: slower than a network sends on which an answer takes no
// time.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "ipc/imap.h"
#include "ipc/launch.h"

namespace interimap {

class CompressionPolicy {
 public:
  using Duration = std::chrono::steady_clock::duration;

  // Who answers within `nearby` is too near.
  CompressionPolicy(settings::Compress wanted, std::chrono::microseconds nearby)
      : wanted_(wanted), nearby_(nearby) {}

  // A command took so long: the quickest of them tells how far the server is.
  void answered(Duration after) { quickest_ = std::min(quickest_, after); }
  // Whether to negotiate before this request. To be asked in front of each, in order: what they transfer adds
  // up. Never again after a yes.
  bool pays(const Request& next);

 private:
  settings::Compress wanted_;
  std::chrono::microseconds nearby_;
  bool tried_ = false;
  std::uint64_t bodies_ = 0;  // octets, about, that were to be transferred so far
  Duration quickest_ = Duration::max();
};

}  // namespace interimap
