// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What a service manager is told while the program watches: sd_notify(3), each message one datagram.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "ipc/body.h"

namespace interimap {

class Service {
 public:
  using Clock = std::chrono::steady_clock;

  // What buys time while the manager waits for READY=1.
  static constexpr std::string_view kPatience = "EXTEND_TIMEOUT_USEC=120000000";

  struct Environment {
    std::string socket;                    // $NOTIFY_SOCKET: a path, or "@name"; empty: nobody listens
    std::chrono::microseconds watchdog{};  // $WATCHDOG_USEC; 0: does not want to hear that we live
    // Takes the variables out of the environment: they are not meant for tunnel commands. $WATCHDOG_USEC
    // counts only if $WATCHDOG_PID, where it is set, is this process.
    static Environment take();
  };
  // A socket that cannot be used is as good as none.
  explicit Service(const Environment& environment);
  // Somebody of ours listens at the other end of this datagram socket, and speaks to the manager for us.
  Service(Descriptor socket, std::chrono::microseconds watchdog)
      : socket_(std::move(socket)), watchdog_(socket_ ? watchdog : std::chrono::microseconds()) {}

  void ready();                        // once it was heard, later calls do nothing
  void status(std::string_view text);  // one line for people, escaped here
  // The same for what changes many times a second; also asks for patience as long as we are not ready.
  void progress(std::string_view text, Clock::time_point now);
  void patience();  // more time, as long as we are not ready
  void stopping();

  std::chrono::microseconds watchdog() const { return watchdog_; }
  // When alive() is to be called next, nothing if never.
  std::optional<Clock::time_point> due() const;
  void alive(Clock::time_point now, bool well);  // tells nothing if not `well`

 private:
  bool send(const std::string& message);  // whether it was taken, if there is somebody

  Descriptor socket_;
  std::chrono::microseconds watchdog_;
  bool ready_ = false;
  std::string status_;
  Clock::time_point told_{}, progressed_{};
};

}  // namespace interimap
