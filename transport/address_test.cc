// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "transport/address.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "ipc/failure.h"

using namespace interimap;
using namespace std::chrono_literals;

namespace {

// On a free port of 127.0.0.1, or of the port given.
struct Listener {
  Descriptor socket;
  std::uint16_t port = 0;
  explicit Listener(const char* address = "127.0.0.1", std::uint16_t at = 0, int backlog = 5)
      : socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_port = htons(at);
    inet_pton(AF_INET, address, &name.sin_addr);
    REQUIRE(bind(socket.get(), reinterpret_cast<sockaddr*>(&name), sizeof name) == 0);
    if (backlog >= 0) REQUIRE(listen(socket.get(), backlog) == 0);
    socklen_t size = sizeof name;
    getsockname(socket.get(), reinterpret_cast<sockaddr*>(&name), &size);
    port = ntohs(name.sin_port);
  }
};

Address at(const char* host, std::uint16_t port) { return resolve(host, std::to_string(port)).front(); }

int option(const Descriptor& socket, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  getsockopt(socket.get(), level, name, &value, &size);
  return value;
}

std::string peerOf(const Descriptor& socket) {
  sockaddr_in name{};
  socklen_t size = sizeof name;
  REQUIRE(getpeername(socket.get(), reinterpret_cast<sockaddr*>(&name), &size) == 0);
  return inet_ntoa(name.sin_addr);
}

Dial dial(std::vector<Address> addresses, Dial::Options options = {}) {
  return Dial("imap.example.test:143", std::move(addresses), options);
}

}  // namespace

TEST_CASE("address: literals") {
  for (auto [text, shown] : {std::pair{"127.0.0.1", "127.0.0.1"},
                             {"::1", "::1"},
                             {"[::1]", "::1"},
                             {"[192.0.2.1]", "192.0.2.1"},
                             {"2001:DB8:0::1", "2001:db8::1"}}) {
    auto address = parseLiteral(text);
    REQUIRE(address);
    CHECK(address->text() == shown);
  }
  for (auto name : {"localhost", "127.1", "", "1", "256.0.0.1", "::g", "[", "]", "127.0.0.1.", "[::1]x"})
    CHECK_FALSE(parseLiteral(name));
  for (auto bad : {"[localhost]", "[]", "[[::1]]", "[127.0.0.1 ]"})
    CHECK_THROWS_WITH_AS(parseLiteral(bad), doctest::Contains("Invalid IP literal"), Failure);
}

TEST_CASE("address: resolving") {
  CHECK(resolve("127.0.0.1", "imaps").front().port() == 993);
  CHECK(resolve("[::1]", "143").front().text() == "::1");
  CHECK(resolve("::1", "143").front().octets() == std::string(15, '\0') + '\1');
  CHECK_FALSE(resolve("localhost", "143").empty());
  CHECK_THROWS_WITH_AS(resolve("nosuch.invalid", "143"), doctest::Contains("getaddrinfo(nosuch.invalid): "),
                       Failure);
  CHECK_THROWS_WITH_AS(resolve("127.0.0.1", "nosuch"), doctest::Contains("getaddrinfo(127.0.0.1): "),
                       Failure);
}

TEST_CASE("address: a connection is non-blocking, close-on-exec and prompt") {
  Listener listener;
  Descriptor socket = dial({at("127.0.0.1", listener.port)}).finish();
  CHECK((fcntl(socket.get(), F_GETFL) & O_NONBLOCK) != 0);
  CHECK((fcntl(socket.get(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK(option(socket, IPPROTO_TCP, TCP_NODELAY) == 1);
  CHECK(option(socket, SOL_SOCKET, SO_KEEPALIVE) == 0);
  Descriptor watching = dial({at("127.0.0.1", listener.port)}, {.keepAlive = true}).finish();
  CHECK(option(watching, SOL_SOCKET, SO_KEEPALIVE) == 1);
  CHECK(option(watching, IPPROTO_TCP, TCP_KEEPIDLE) == 60);
  CHECK(option(watching, IPPROTO_TCP, TCP_USER_TIMEOUT) == static_cast<int>(kUserTimeout));
}

TEST_CASE("address: the next one when one refuses") {
  Listener deaf("127.0.0.1", 0, -1), good("127.0.0.2");
  Descriptor socket =
      dial({at("127.0.0.1", deaf.port), at("::1", deaf.port), at("127.0.0.2", good.port)}).finish();
  CHECK(peerOf(socket) == "127.0.0.2");
}

TEST_CASE("address: the next one when one keeps silent") {
  // A listener whose queue is full drops what comes: silence.
  Listener silent("127.0.0.1", 0, 0), good("127.0.0.2");
  std::vector<Descriptor> queue;
  for (int i = 0; i < 4; ++i) {
    queue.emplace_back(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    Address address = at("127.0.0.1", silent.port);
    (void)connect(queue.back().get(), address.get(), address.size);
  }
  auto start = Patience::Clock::now();
  Descriptor socket = dial({at("127.0.0.1", silent.port), at("127.0.0.2", good.port)}).finish();
  CHECK(peerOf(socket) == "127.0.0.2");
  CHECK(Patience::Clock::now() - start >= kNextAddressAfter);
  CHECK(Patience::Clock::now() - start < 5s);

  SUBCASE("none answers") {
    try {
      dial({at("127.0.0.1", silent.port), at("127.0.0.1", silent.port)},
           {.deadline = 60ms, .nextAfter = 10ms})
          .finish();
      FAIL("connected");
    } catch (const Failure& failure) {
      CHECK(failure.status == ExitStatus::unavailable);
      CHECK(std::string(failure.what()) == "Can't connect to imap.example.test:143: Connection timed out");
    }
  }
  SUBCASE("each for a reason of its own") {
    Listener deaf("127.0.0.1", 0, -1);
    CHECK_THROWS_WITH_AS(
        dial({at("127.0.0.1", deaf.port), at("127.0.0.1", silent.port)}, {.deadline = 60ms}).finish(),
        "Can't connect to imap.example.test:143: 127.0.0.1: Connection refused; 127.0.0.1: Connection timed "
        "out",
        Failure);
  }
}

TEST_CASE("address: none left") {
  Listener deaf("127.0.0.1", 0, -1);
  CHECK_THROWS_WITH_AS(dial({at("127.0.0.1", deaf.port), at("127.0.0.2", deaf.port)}).finish(),
                       "Can't connect to imap.example.test:143: Connection refused", Failure);
}
