// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The delivery process, as sync sees it: wanted from launch when there is something to deliver, gone when its
// connection is.
#pragma once

#include <chrono>
#include <deque>
#include <optional>

#include "ipc/delivery.h"
#include "ipc/reporter.h"
#include "sync/peers/exchange.h"
#include "sync/peers/seam.h"

namespace interimap {

class DeliveryProcess final : public Guest {
 public:
  // How a process ended. Without its last word, what it had not answered may have been delivered.
  struct End {
    std::optional<deliver::Closed> closed;
    bool answered = false;  // anything at all
  };

  DeliveryProcess(Reporter& launch, Exchange& exchange, Seam& seam) : launch_(launch), seam_(seam) {
    exchange.add(*this);
  }
  DeliveryProcess(const DeliveryProcess&) = delete;

  // Asks launch for a process, unless there is one, or one to come.
  void want();
  // There is one, and it takes windows.
  bool ready() const { return channel_ && !quitting_; }
  bool isAwaited() const override { return wanted_; }
  // At most kMostMessages. The bodies go with it.
  RequestId submit(deliver::Window window, Descriptor bodies);
  // Finish, and say QUIT. One that is yet to come is not needed any more.
  void quit();

  // What was answered, in the order it came.
  std::optional<DeliveryAnswer> next();
  // Once, after the last answer: the process that there was has ended. It may be wanted again then.
  std::optional<End> takeEnd();
  // Nothing is in its hands, so its end is of no interest.
  void forget();
  // Serves this channel alone until the process has ended, and no longer than that.
  void outlast(std::chrono::milliseconds patience);

  Channel* channel() override { return channel_ ? &*channel_ : nullptr; }
  void receive() override;
  void admit(Descriptor peer) override;

 private:
  void send(DeliveryRequest request);

  Reporter& launch_;
  Seam& seam_;
  bool wanted_ = false;    // and not yet there
  bool unwanted_ = false;  // by then
  bool answered_ = false;
  bool quitting_ = false;  // no more windows
  std::optional<Channel> channel_;
  RequestId nextId_ = 1;
  std::deque<DeliveryAnswer> answers_;
  std::optional<End> end_;
};

}  // namespace interimap
