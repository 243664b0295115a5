// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What stands between an honest worker and the one who is lied to: passes packets on, and one of them
// changed, or others in its place.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "ipc/channel.h"

namespace interimap::compromised {

class Between {
 public:
  // Given a packet of the honest worker's. True: it has lied instead, in ways of its own, and does so once.
  // False: the packet is passed on as it is.
  using Lie = std::function<bool(Packet& packet, Between& between)>;

  // Looks at a packet for the honest worker, and may change it.
  using Passing = std::function<void(Packet& packet)>;

  Between(Descriptor victim, Descriptor honest, Lie lie, Passing passing = {});
  // Until either channel ends.
  void serve();

  void send(Packet packet) { toVictim_.send(std::move(packet)); }
  // Octets that need not be a message, with any number of descriptors; waits for room.
  void sendRaw(std::span<const char> octets, const std::vector<int>& descriptors = {});
  // Over and over, until the victim is gone.
  void flood(const std::function<Packet()>& packet);
  void hangUp();  // with neither

 private:
  Channel toVictim_, toHonest_;
  Lie lie_;
  Passing passing_;
  bool over_ = false;
};

Packet copyOf(const Packet& packet);

}  // namespace interimap::compromised
