// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// One edge of the process picture: an AF_UNIX SOCK_SEQPACKET pair. One packet is one message, at most 64 KiB,
// with at most one descriptor. No framing, no partial reads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "ipc/body.h"

namespace interimap {

struct Packet {
  std::vector<std::uint64_t> words;  // one Cap'n Proto message, flat; aligned as its reader wants it
  Descriptor descriptor;             // may be none
};

class Channel {
 public:
  static constexpr std::size_t kMostBytes = 65536;
  // Descriptors at which a worker finds its channels after exec.
  static constexpr int kToLaunch = 3, kFirstPeer = 4;

  explicit Channel(Descriptor socket);              // made non-blocking
  static std::pair<Descriptor, Descriptor> pair();  // both close-on-exec; throws Failure

  int fd() const { return socket_.get(); }
  // Queues a packet and sends as much of the queue as goes without waiting. Larger than kMostBytes: a bug,
  // throws std::logic_error. Peer gone: throws PeerGone. Too many descriptors on their way for too long, or
  // anything else that is no fault of the peer: throws Failure.
  void send(Packet packet);
  // Sends more of the queue; to be called when poll says the channel is writable.
  void flush();
  bool sending() const { return !queue_.empty(); }  // whether to poll for writing
  std::size_t queued() const { return queue_.size(); }

  // The next packet, or nothing if none is there now. Throws PeerGone at the end of the channel and
  // PeerViolation for a packet that is too long, of odd size, or brings more than one descriptor; Failure if
  // this process may have no descriptor more.
  std::optional<Packet> receive();

  // Waits until everything queued is sent (a last word before exiting), at most `milliseconds`.
  void drain(int milliseconds);

 private:
  Descriptor socket_;
  std::deque<Packet> queue_;
};

}  // namespace interimap
