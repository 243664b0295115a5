// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/e2e/port.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <random>
#include <stdexcept>

namespace interimap::bed {
namespace {

constexpr std::uint16_t kFirst = 10000, kLast = 31000;

bool tryAddress(int family, std::uint16_t port, bool toConnect) {
  int s = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (s < 0) return false;
  sockaddr_in v4 = loopback(port);
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  v6.sin6_addr = in6addr_loopback;
  auto* address = family == AF_INET ? reinterpret_cast<sockaddr*>(&v4) : reinterpret_cast<sockaddr*>(&v6);
  socklen_t length = family == AF_INET ? sizeof v4 : sizeof v6;
  int on = 1;
  setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  bool done = (toConnect ? connect(s, address, length) : bind(s, address, length)) == 0;
  if (done && !toConnect) done = listen(s, 1) == 0;
  close(s);
  return done;
}

}  // namespace

bool hasIpv6() { return tryAddress(AF_INET6, 0, false); }

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int listenOnLoopback(std::uint16_t& port, int flags) {
  int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
  sockaddr_in address = loopback(0);
  socklen_t length = sizeof address;
  if (bind(s, reinterpret_cast<sockaddr*>(&address), length) != 0 || listen(s, 16) != 0 ||
      getsockname(s, reinterpret_cast<sockaddr*>(&address), &length) != 0)
    throw std::runtime_error("cannot listen on 127.0.0.1");
  port = ntohs(address.sin_port);
  return s;
}

bool accepts(std::uint16_t port) { return tryAddress(AF_INET, port, true); }

std::uint16_t freePort() {
  std::random_device random;
  bool v6 = hasIpv6();
  for (int attempt = 0; attempt < 1000; ++attempt) {
    auto port = static_cast<std::uint16_t>(kFirst + random() % (kLast - kFirst));
    if (tryAddress(AF_INET, port, false) && (!v6 || tryAddress(AF_INET6, port, false))) return port;
  }
  throw std::runtime_error("no free port");
}

}  // namespace interimap::bed
