// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/e2e/fake_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <utility>

namespace interimap::bed {
namespace {

constexpr char kVersion = 5, kAuthVersion = 1;

struct Closed {};  // thrown when the client goes

std::string receive(int socket, std::size_t size) {
  std::string octets(size, '\0');
  for (std::size_t at = 0; at < size;) {
    ssize_t n = recv(socket, octets.data() + at, size - at, 0);
    if (n <= 0) throw Closed();
    at += static_cast<std::size_t>(n);
  }
  return octets;
}

std::string receiveCounted(int socket) {
  return receive(socket, static_cast<unsigned char>(receive(socket, 1)[0]));
}

void send(int socket, std::string_view octets) {
  if (::send(socket, octets.data(), octets.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(octets.size()))
    throw Closed();
}

std::string addressText(int family, const std::string& octets) {
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(family, octets.data(), text, sizeof text);
  return text;
}

std::string receiveDestination(int socket) {
  std::string head = receive(socket, 4), text;
  if (head[3] == 1) text = "ipv4 " + addressText(AF_INET, receive(socket, 4));
  if (head[3] == 3) text = "name " + receiveCounted(socket);
  if (head[3] == 4) text = "ipv6 " + addressText(AF_INET6, receive(socket, 16));
  std::string port = receive(socket, 2);
  int number = static_cast<unsigned char>(port[0]) << 8 | static_cast<unsigned char>(port[1]);
  return text + " " + std::to_string(number);
}

int listenOn(bool ipv6, std::uint16_t& port) {
  int made = socket(ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in v4{.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  sockaddr_in6 v6{.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
  auto* address = ipv6 ? reinterpret_cast<sockaddr*>(&v6) : reinterpret_cast<sockaddr*>(&v4);
  socklen_t length = ipv6 ? sizeof v6 : sizeof v4;
  if (bind(made, address, length) != 0 || listen(made, 16) != 0 || getsockname(made, address, &length) != 0)
    throw std::runtime_error("fake proxy: cannot listen");
  port = ntohs(ipv6 ? v6.sin6_port : v4.sin_port);
  return made;
}

int connectTo(std::uint16_t port) {
  int made = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  if (connect(made, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0) return made;
  close(made);
  throw Closed();
}

// Until either side ends.
void pump(int client, int server) {
  pollfd ends[] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
  while (poll(ends, 2, -1) > 0) {
    for (int i : {0, 1}) {
      if (!ends[i].revents) continue;
      char chunk[16384];
      ssize_t n = recv(ends[i].fd, chunk, sizeof chunk, 0);
      if (n <= 0) return;
      send(ends[1 - i].fd, {chunk, static_cast<std::size_t>(n)});
    }
  }
}

}  // namespace

FakeProxy::FakeProxy(FakeProxyOptions options) : options_(std::move(options)) {
  listener_ = listenOn(options_.ipv6, port_);
  acceptor_ = std::thread([this] { accept(); });
}

FakeProxy::~FakeProxy() {
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  {
    std::lock_guard lock(mutex_);
    for (int s : sockets_) shutdown(s, SHUT_RDWR);
  }
  for (std::thread& thread : threads_) thread.join();
  for (int s : sockets_) close(s);
  close(listener_);
}

std::vector<ProxyRequest> FakeProxy::requests() const {
  std::lock_guard lock(mutex_);
  return requests_;
}

void FakeProxy::accept() {
  for (int client; (client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0;) {
    std::lock_guard lock(mutex_);
    sockets_.push_back(client);
    threads_.emplace_back([this, client] {
      ProxyRequest request;
      try {
        serve(client, request);
      } catch (const Closed&) {
      }
      shutdown(client, SHUT_RDWR);
    });
  }
}

void FakeProxy::serve(int client, ProxyRequest& request) {
  if (options_.silent) receive(client, 1'000'000);
  struct Remember {
    FakeProxy& proxy;
    ProxyRequest& request;
    bool done = false;
    void now() {
      std::lock_guard lock(proxy.mutex_);
      if (!std::exchange(done, true)) proxy.requests_.push_back(request);
    }
    ~Remember() { now(); }
  } remember{*this, request};
  receive(client, 1);
  request.methods = receiveCounted(client);
  if (!options_.methodReply.empty()) return send(client, options_.methodReply);
  bool asks = !options_.user.empty();
  send(client, {asks ? "\x05\x02" : "\x05\x00", 2});
  if (asks) {
    receive(client, 1);
    request.user = receiveCounted(client);
    request.password = receiveCounted(client);
    bool right = request.user == options_.user && request.password == options_.password;
    send(client, std::string{kAuthVersion, right ? '\0' : '\1'});
    if (!right) return;
  }
  request.destination = receiveDestination(client);
  remember.now();
  send(client, std::string{kVersion, static_cast<char>(options_.reply), 0, 1, 0, 0, 0, 0, 0, 0});
  if (options_.reply != 0) return;
  int server = connectTo(options_.leadsTo);
  {
    std::lock_guard lock(mutex_);
    sockets_.push_back(server);
  }
  pump(client, server);
  shutdown(server, SHUT_RDWR);
}

}  // namespace interimap::bed
