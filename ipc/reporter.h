// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A worker's side of its channel to launch: settings come in, log lines go out.
#pragma once

#include <string>

#include "ipc/channel.h"
#include "ipc/launch.h"

namespace interimap {

class Reporter {
 public:
  explicit Reporter(Channel launch) : launch_(std::move(launch)) {}

  // Waits for the next order; PeerGone if launch is gone.
  Order await();
  // An order that is there already, or nothing.
  std::optional<Order> poll();

  void log(LogLevel level, std::string text, std::string mailbox = {}, Component component = Component::none,
           LogSubject subject = {});
  void report(const Report& report);
  // The last word: waits until launch can read it. The caller exits then.
  void end(ExitStatus status);

  int fd() const { return launch_.fd(); }
  bool sending() const { return launch_.sending(); }
  void flush() { launch_.flush(); }
  // Lines waiting because launch does not read; a worker stops producing more beyond a few thousand.
  std::size_t queued() const { return launch_.queued(); }

 private:
  Channel launch_;
};

}  // namespace interimap
