// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Back-off: whether and when to connect again to the SMTP or LMTP server that mail goes to.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "ipc/delivery.h"

namespace interimap {

class DeliveryBackoff {
 public:
  static constexpr int kMostTries = 3;  // connections without progress, when run once
  static constexpr std::int64_t kFirstPause = 5, kLongestPause = 300;  // seconds, when idling

  explicit DeliveryBackoff(bool idling) : idling_(idling) {}

  // The server has answered something about a message.
  void progress() {
    failures_ = 0;
    progress_ = true;
    stale_ = false;
  }
  bool hasProgress() const { return progress_; }
  // The connection was ended by us: nothing was left to do.
  void quit() { progress_ = false; }
  // The connection has ended while there was something to deliver. `now`: seconds since 1970.
  void failed(const deliver::Closed& closed, std::int64_t now) {
    reason_ = closed.reason;
    bool stale = closed.status == kStale;
    if (stale && !std::exchange(stale_, true)) return;  // the next connection has another token
    ExitStatus status = stale ? ExitStatus::noPermission : closed.status;
    bool lasting = status == ExitStatus::noPermission || status == ExitStatus::config ||
                   (status == ExitStatus::protocol && !idling_);
    if (lasting) lasting_ = status;
    if (std::exchange(progress_, false) && !lasting) return;
    ++failures_;
    if (idling_) retryAt_ = now + std::min(kFirstPause << std::min(failures_ - 1, 10), kLongestPause);
  }

  // Not to be connected to at `now`. A pause that is over stays over, whatever the clock says next: what was
  // begun with this word is not to wait for another.
  bool down(std::int64_t now) {
    if (lasting_) return true;
    if (!idling_) return failures_ >= kMostTries;
    // Further off than any pause: the clock was set back.
    if (retryAt_ && (now >= *retryAt_ || *retryAt_ > now + kLongestPause)) retryAt_.reset();
    return retryAt_.has_value();
  }
  // Before the next connection.
  std::chrono::milliseconds pause() const {
    return std::chrono::milliseconds(idling_ || failures_ == 0 ? 0 : 250 << failures_);
  }
  std::optional<std::int64_t> retryAt() const { return retryAt_; }
  std::optional<ExitStatus> lasting() const { return lasting_; }  // will not pass by itself
  const std::string& reason() const { return reason_; }

 private:
  bool idling_, progress_ = false, stale_ = false;
  int failures_ = 0;  // connections in a row without progress
  std::optional<std::int64_t> retryAt_;
  std::optional<ExitStatus> lasting_;
  std::string reason_;
};

}  // namespace interimap
