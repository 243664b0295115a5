// What stands between sync and an honest worker: passes packets on, and one of them changed, or others in its
// place.
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
  // Given a packet of the worker's. True: it has lied instead, in ways of its own, and does so once. False:
  // the packet is passed on as it is.
  using Lie = std::function<bool(Packet& packet, Between& between)>;

  Between(Descriptor sync, Descriptor worker, Lie lie);
  // Until either channel ends.
  void serve();

  void send(Packet packet) { toSync_.send(std::move(packet)); }
  // Octets that need not be a message, with any number of descriptors; waits for room.
  void sendRaw(std::span<const char> octets, const std::vector<int>& descriptors = {});
  // Over and over, until sync is gone.
  void flood(const std::function<Packet()>& packet);
  void hangUp();  // with neither

 private:
  Channel toSync_, toWorker_;
  Lie lie_;
  bool over_ = false;
};

Packet copyOf(const Packet& packet);

}  // namespace interimap::compromised
