// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Waiting: one poll over the channels to launch and to the nets. Whoever waits for one reply serves them all,
// so nobody blocks on a full channel while its peer does the same.
#pragma once

#include <chrono>
#include <functional>
#include <utility>
#include <vector>

#include "ipc/reporter.h"

namespace interimap {

class Awakening;
class Connections;
class Server;

// Packets taken from one channel before the others have their turn.
inline constexpr int kPacketsInTurn = 64;

// launch asked us to stop (SIGTERM). Whatever was on its way is left to the journal.
struct Stopped {};

// A channel beside those to the servers, which comes and goes.
class Guest {
 public:
  virtual ~Guest() = default;
  virtual bool isAwaited() const = 0;       // launch was asked for one
  virtual Channel* channel() = 0;           // none at the moment: null
  virtual void receive() = 0;               // handles what has arrived
  virtual void admit(Descriptor peer) = 0;  // launch has sent a channel
};

class Exchange {
 public:
  explicit Exchange(Reporter& launch) : launch_(launch) {}
  virtual ~Exchange() = default;
  void add(Server& server) { servers_.push_back(&server); }
  void remove(Server& server) { std::erase(servers_, &server); }
  void add(Connections& connections) { connections_ = &connections; }
  void add(Guest& guest) { guests_.push_back(&guest); }
  void add(Awakening& awakening) { awakening_ = &awakening; }

  // Waits until something moves, and handles it. Throws Stopped, PeerGone, PeerViolation.
  virtual void turn();
  // Serves everybody for so long. Ends early when `until` holds, if given.
  virtual void pause(std::chrono::milliseconds duration, const std::function<bool()>& until = {});
  // Whether launch wants news to be looked for since it was asked last.
  bool takeLook() { return std::exchange(looks_, false); }

 private:
  void wait(int milliseconds);  // -1: until something moves
  void takeOrders();
  void take(Order order);

  Reporter& launch_;
  std::vector<Server*> servers_;
  std::vector<Guest*> guests_;
  Connections* connections_ = nullptr;
  Awakening* awakening_ = nullptr;
  bool looks_ = false;
};

}  // namespace interimap
