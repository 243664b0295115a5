// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A TCP relay in front of a server: counts octets and round trips, delays, narrows, cuts, stalls. One thread
// serves all connections; it knows nothing of what it carries.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace interimap::bed {

struct RelayOptions {
  std::chrono::microseconds delay{0};  // one way: a round trip takes twice as long
  // Each way, per connection; 0: as fast as it goes. What waits in the relay then is bounded by what such a
  // link would hold, so that a sender is held back as TCP holds it back.
  std::uint64_t octetsPerSecond = 0;
  // Takes whatever the client sends at once, and delivers it at that rate, though the client be dead by then.
  bool deep = false;
  // Octets that the kernel holds for the client, so that what is counted has reached it; 0: as it likes.
  int heldForClient = 0;
  // Octets from the server, per connection, after which `cut` happens; and octets for it.
  std::size_t cutAfter = std::numeric_limits<std::size_t>::max();
  std::size_t cutToServerAfter = std::numeric_limits<std::size_t>::max();
  enum class Cut {
    close,      // both ends
    halfClose,  // the receiver sees the end, and the other direction goes on
    stall,      // nothing more comes in this direction until resume()
  } cut = Cut::close;
};

struct RelayedConnection {
  std::uint64_t toServer = 0, toClient = 0;  // octets
  // How often the client had to wait for the server, its connect included. A flight is what the client sends
  // without waiting: with a delay, all that it sends within half a round trip; without one, all that it sends
  // before the next answer reaches it. A flight counts once something came back after it.
  unsigned roundTrips = 1;
};

class Relay {
 public:
  explicit Relay(std::uint16_t serverPort, RelayOptions options = {});
  ~Relay();

  std::uint16_t port() const { return port_; }
  std::vector<RelayedConnection> connections() const;  // in the order they were accepted

  bool stalled() const { return stalled_ > 0; }  // some connection is
  void resume();                                 // all that are, and none stalls again

 private:
  struct Pair;
  struct Stream;
  void serve();
  void accept();
  void pump(Pair& pair);
  void deliver(Pair& pair);
  void cut(Pair& pair, Stream& stream);
  void unstall();

  std::uint16_t serverPort_, port_ = 0;
  RelayOptions options_;
  int listener_ = -1, wake_ = -1;
  std::atomic<unsigned> stalled_ = 0;
  std::atomic<bool> resumed_ = false, stopping_ = false;
  std::vector<std::unique_ptr<Pair>> pairs_;
  mutable std::mutex mutex_;  // of counts_
  std::vector<RelayedConnection> counts_;
  std::thread thread_;
};

}  // namespace interimap::bed
