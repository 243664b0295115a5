// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The life of the process between lock-in and exit: requests of sync in, the dialogue with the server,
// answers out.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "delivery/dialogue.h"
#include "delivery/limits.h"
#include "ipc/channel.h"
#include "ipc/checked.h"
#include "ipc/delivery.h"
#include "ipc/launch.h"
#include "ipc/reporter.h"
#include "transport/log.h"
#include "transport/stream.h"

namespace interimap {

class Service {
 public:
  // Puts TLS over a stream whose server has agreed to it.
  using StartTls = std::function<std::unique_ptr<Stream>(std::unique_ptr<Stream>)>;

  // The settings outlive it; their password is wiped when the login is done.
  Service(settings::Delivery& settings, Reporter& launch, Channel sync);

  // Waits for a packet from sync, and does not look into it yet. False if launch says Stop before.
  bool awaitRequest();
  // --check, instead: no request, but these recipients are asked for and no mail is sent. To be called before
  // lock-in. `passed` is told what the server says.
  void ask(const settings::Delivery& settings, const Passed& passed);
  // Throws Failure if one of them was not accepted: data if it never will be, else tryAgain.
  void requireAccepted() const;
  // Serves until the connection or the work ends. Throws Failure when the connection fails, PeerGone,
  // PeerViolation.
  void serve(std::unique_ptr<Stream> stream, const StartTls& startTls);
  // The connection has failed or never stood: settles what can be, and says the last word to sync.
  void abandon(const std::string& reason, ExitStatus status);

 private:
  using Clock = std::chrono::steady_clock;

  void takeOrders();
  void takeRequests();
  std::optional<Packet> nextPacket();
  void take(DeliveryRequest request);
  void settled(Transaction& transaction);
  void asked(const Transaction& transaction);
  void answer(RequestId id, decltype(DeliveryAnswer::what) what);
  void close(const std::string& reason, ExitStatus status);

  void awaitLaunch();
  void write();
  void read();
  void wait();
  bool roomForRequests() const { return !quitId_ && dialogue_.waiting() < limits::kMostWaiting; }
  std::optional<Clock::time_point> deadline() const;
  void expired();

  Reporter& launch_;
  Channel sync_;
  Dialogue dialogue_;
  std::unique_ptr<Stream> stream_;  // from serve() on; kept for abandon()
  std::optional<Packet> first_;     // of sync, until serve()
  std::optional<RequestId> quitId_;
  Passed passed_;                            // of a check
  std::string notAccepted_;                  // who, and what was said
  bool refused_ = false;                     // one of them for good
  std::optional<Clock::time_point> stopBy_;  // launch said Stop
  Clock::time_point progress_ = Clock::now();
};

}  // namespace interimap
