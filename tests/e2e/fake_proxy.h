// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A SOCKS5 proxy (RFC 1928, RFC 1929) that remembers what it was asked for and, if it is told so, leads to a
// server on loopback, whatever the destination was.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace interimap::bed {

struct FakeProxyOptions {
  std::uint16_t leadsTo = 0;             // a port on 127.0.0.1
  std::string user = {}, password = {};  // asked for unless empty
  bool ipv6 = false;                     // listens on ::1 instead of 127.0.0.1
  std::string methodReply = {};          // instead of the right one
  unsigned char reply = 0;               // to CONNECT; anything but 0 is a refusal
  bool silent = false;                   // accepts the connection and never says a word
};

struct ProxyRequest {
  std::string methods;         // offered, an octet each
  std::string user, password;  // of the subnegotiation
  std::string destination;     // "ipv4 127.0.0.1 143", "name imap.example.test 993", "ipv6 …"
};

class FakeProxy {
 public:
  explicit FakeProxy(FakeProxyOptions options);
  ~FakeProxy();  // closes every connection

  std::uint16_t port() const { return port_; }
  std::vector<ProxyRequest> requests() const;  // a connection each, as far as it came

 private:
  void accept();
  void serve(int client, ProxyRequest& request);

  FakeProxyOptions options_;
  std::uint16_t port_ = 0;
  int listener_ = -1;
  mutable std::mutex mutex_;  // of all below
  std::vector<ProxyRequest> requests_;
  std::vector<int> sockets_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace interimap::bed
