// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The signals that launch acts on, as a descriptor to be polled.
#pragma once

#include <signal.h>

#include <functional>
#include <optional>
#include <utility>

#include "ipc/body.h"

namespace interimap {

// What the user asked for while the program ran.
enum class Asked { nothing, terminate, interrupt };

// By which signals somebody asks. A process of ours that has another one before it, which passes on what is
// asked, has its own: a terminal's Ctrl-C and a service manager's SIGTERM reach both, and shall count once.
struct SignalNumbers {
  int terminate = SIGTERM, interrupt = SIGINT;
};
inline const SignalNumbers kPassedOn{SIGRTMIN, SIGRTMIN + 1};
// They wait until a Signals of this process, or of one that it forks, takes them.
void block(SignalNumbers numbers);

class Signals {
 public:
  // From here on these signals, SIGUSR1 and SIGCHLD come through the descriptor; SIGPIPE is ignored, and so
  // are SIGTERM and SIGINT if others stand for them. SIGHUP calls `hangUp` from within next(); without one it
  // does what it always does: ends the program.
  explicit Signals(std::function<void()> hangUp = {}, SignalNumbers numbers = {});

  int fd() const { return fd_.get(); }
  // What each of the signals that have come asks for; Asked::nothing for a child that ended. std::nullopt:
  // no more.
  std::optional<Asked> next();
  // Whether SIGUSR1 has come since this was asked last: news is to be looked for now.
  bool takeLook() { return std::exchange(looks_, false); }

 private:
  std::function<void()> hangUp_;
  SignalNumbers numbers_;
  Descriptor fd_;
  bool looks_ = false;
};

}  // namespace interimap
