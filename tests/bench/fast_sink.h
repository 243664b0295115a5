// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// An SMTP or LMTP server on loopback that costs next to nothing: it follows the dialogue (RFC 5321, RFC 2033,
// with PIPELINING and 8BITMIME), counts, and forgets. One thread, any number of connections.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>

namespace interimap::bench {

struct FastSinkOptions {
  bool lmtp = false;
  bool chunking = false;  // BDAT is offered (RFC 3030)
};

class FastSink {
 public:
  explicit FastSink(FastSinkOptions options);
  ~FastSink();
  FastSink(const FastSink&) = delete;
  FastSink& operator=(const FastSink&) = delete;

  std::uint16_t port() const { return port_; }
  std::uint64_t messages() const { return messages_; }  // taken over so far
  std::uint64_t octets() const { return octets_; }      // of them, as they came

 private:
  class Session;
  void serve();

  FastSinkOptions options_;
  std::uint16_t port_ = 0;
  int listener_ = -1, wake_ = -1;
  std::atomic<std::uint64_t> messages_ = 0, octets_ = 0;
  std::thread thread_;
};

}  // namespace interimap::bench
