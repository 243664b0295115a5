// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/bench/idler.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

#include "tests/e2e/dovecot.h"

namespace interimap::bench {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kPatience{10'000};

}  // namespace

Idler::Idler(std::uint16_t port, const std::string& user)
    : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int on = 1;
  setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("idler: cannot connect");
  say("a LOGIN " + user + " " + bed::kPassword + "\r\nb SELECT INBOX\r\n");
  if (!waitFor("\nb OK", kPatience)) throw std::runtime_error("idler: no INBOX");
  say("c IDLE\r\n");
  if (!waitFor("+ ", kPatience)) throw std::runtime_error("idler: no IDLE");
}

Idler::~Idler() { close(socket_); }

void Idler::say(const std::string& line) const {
  if (send(socket_, line.data(), line.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(line.size()))
    throw std::runtime_error("idler: the server has gone");
}

bool Idler::waitForExists(std::chrono::milliseconds patience) { return waitFor(" EXISTS\r\n", patience); }

bool Idler::waitFor(const std::string& text, std::chrono::milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  for (std::size_t at; (at = heard_.find(text)) == std::string::npos;) {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd fd{socket_, POLLIN, 0};
    if (left <= 0 || poll(&fd, 1, static_cast<int>(left)) == 0) return false;
    char buffer[4096];
    ssize_t n = recv(socket_, buffer, sizeof buffer, 0);
    if (n <= 0) throw std::runtime_error("idler: the server has gone");
    heard_.append(buffer, static_cast<std::size_t>(n));
  }
  heard_.erase(0, heard_.find(text) + text.size());
  return true;
}

}  // namespace interimap::bench
