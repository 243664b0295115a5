// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// From a host and a port to a connected socket. All of it happens before lock-in.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ipc/body.h"
#include "transport/deadlines.h"

namespace interimap {

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  // Of IPv4 and IPv6 only:
  std::string text() const;    // "127.0.0.1", "2001:db8::1"
  std::string octets() const;  // 4 or 16, as on the wire
  std::uint16_t port() const;
};

// An IPv4 or IPv6 address in text, IPv6 perhaps in brackets, as an address; nothing if `host` is a name.
// Throws Failure(config) "Invalid IP literal" for brackets around anything else.
std::optional<Address> parseLiteral(const std::string& host);

// A Unix socket. Throws Failure(config) for a path that is too long.
Address unixAddress(const std::string& path);

// The addresses of host (name or literal) and port (number or service) in the resolver's order, at least one
// and at most kMostAddresses. Throws Failure(unavailable) "getaddrinfo(HOST): reason".
std::vector<Address> resolve(const std::string& host, const std::string& port);

// "imap.example.net has the addresses 192.0.2.1, 2001:db8::1".
std::string addressesText(const std::string& host, const std::vector<Address>& addresses);
// "192.0.2.1 port 993", or the path of a Unix socket: whom it is connected to.
std::string peerText(const Descriptor& socket);

// A connection in the making, so that something else can be done meanwhile. A light RFC 8305: the next
// address is tried when one fails, and beside the others when they have kept silent for kNextAddressAfter.
class Dial {
 public:
  struct Options {
    bool keepAlive = false;
    std::chrono::milliseconds deadline = kConnectDeadline;
    std::chrono::milliseconds nextAfter = kNextAddressAfter;
    std::string advice{};  // behind the reasons: which keys to look at
  };
  // Starts with the first address.
  Dial(std::string destination, std::vector<Address> addresses, Options options);
  // Waits for the first that succeeds: a non-blocking, close-on-exec socket. Throws Failure(unavailable)
  // "Can't connect to DESTINATION: reason", each address with its own if they differ. To be called once.
  Descriptor finish();

 private:
  struct Attempt {
    Descriptor socket;
    std::size_t address;  // index
    Patience::Clock::time_point started;
  };
  void startNext();
  void look(std::chrono::milliseconds patience);
  void giveUpSilent();
  std::string reason() const;

  std::string destination_;  // as messages name it: HOST:PORT, a path
  Options options_;
  std::vector<Address> addresses_;
  std::vector<int> reasons_;  // errno for each address
  std::vector<Attempt> attempts_;
  std::size_t next_ = 0;  // index of the first address not tried yet
  Descriptor connected_;
};

}  // namespace interimap
