// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/wire/endpoint.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>
#include <thread>

#include "ipc/failure.h"
#include "net/wire/deflate.h"
#include "transport/tls_server_test.h"

using namespace interimap;
using namespace interimap::test;
using namespace std::string_literals;

namespace {

// A server on a loopback port that serves one connection in a thread.
class Loopback {
 public:
  // Without `serve` the port is taken, but nobody listens.
  explicit Loopback(std::function<void(int)> serve)
      : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof name;
    REQUIRE(bind(socket_.get(), reinterpret_cast<sockaddr*>(&name), sizeof name) == 0);
    if (serve) REQUIRE(listen(socket_.get(), 5) == 0);
    getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&name), &size);
    port_ = std::to_string(ntohs(name.sin_port));
    if (!serve) return;
    thread_ = std::thread([this, serve = std::move(serve)] {
      Descriptor connection(accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (connection) serve(connection.get());
    });
  }
  ~Loopback() {
    shutdown(socket_.get(), SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
  }
  const std::string& port() const { return port_; }

 private:
  Descriptor socket_;
  std::string port_;
  std::thread thread_;
};

void put(int fd, const std::string& octets) {
  CHECK(send(fd, octets.data(), octets.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(octets.size()));
}

std::string get(int fd, std::size_t size) {
  std::string octets(size, '\0');
  ssize_t got = recv(fd, octets.data(), size, MSG_WAITALL);
  octets.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return octets;
}

std::string receive(Stream& stream, std::size_t size) {
  std::string octets;
  std::array<char, 1000> buffer;
  Patience patience(std::chrono::seconds(10), std::chrono::seconds(10));
  while (octets.size() < size) {
    Stream::Result result =
        stream.read(std::span(buffer).first(std::min(size - octets.size(), buffer.size())));
    octets.append(buffer.data(), result.size);
    if (result.state == Stream::State::end) break;
    if (result.state == Stream::State::again && !patience.await(stream)) break;
  }
  return octets;
}

void send(Stream& stream, std::string_view octets) {
  CHECK(stream.write(octets).size == octets.size());
  CHECK(stream.flush());
}

void silent(LogLevel, const std::string&) {}

Endpoint open(settings::Net& settings) {
  auto tls = prepareTls(settings, silent);
  return std::move(openEndpoint(settings, std::move(tls)).endpoint);
}

settings::Net netSettings(settings::Transport transport, const std::string& port = {}) {
  settings::Net net;
  net.transport = transport;
  net.host = "localhost";
  net.port = port;
  return net;
}

// A TLS server's side of a connection, until the client closes it.
void serveTls(int fd, const Identified& identified, const std::function<void(SSL*)>& talk) {
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  SSL_CTX_use_certificate(context.get(), identified.certificate.get());
  SSL_CTX_use_PrivateKey(context.get(), identified.key.get());
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context.get()), SSL_free);
  SSL_set_fd(ssl.get(), fd);
  if (SSL_accept(ssl.get()) == 1) talk(ssl.get());
}

}  // namespace

TEST_CASE("endpoint: imap, in the clear") {
  Loopback server([](int fd) { put(fd, "* OK\r\n"); });
  auto net = netSettings(settings::Transport::imap, server.port());
  net.startTls = false;
  auto stream = open(net).greet();
  CHECK(receive(*stream, 100) == "* OK\r\n");
}

TEST_CASE("endpoint: a tunnel") {
  auto net = netSettings(settings::Transport::tunnel);
  net.command = "echo '* PREAUTH'; cat";
  auto stream = open(net).greet();
  CHECK(receive(*stream, 10) == "* PREAUTH\n");
  send(*stream, "a NOOP\r\n");
  CHECK(receive(*stream, 8) == "a NOOP\r\n");
  net.command = " ";
  CHECK_THROWS_WITH_AS(open(net), "Missing tunnel command", Failure);
}

TEST_CASE("endpoint: nobody there") {
  Loopback taken(nullptr);
  const std::string& port = taken.port();
  auto net = netSettings(settings::Transport::imap, port);
  CHECK_THROWS_WITH_AS(open(net),
                       ("Can't connect to localhost:" + port +
                        ": Connection refused. Does a server listen there? See host and port")
                           .c_str(),
                       Failure);
}

TEST_CASE("endpoint: imaps, imap with STARTTLS, imaps through a proxy; DEFLATE on top") {
  Identified authority = issue({.commonName = "Test CA", .authority = true});
  Identified identified = issue({.alternativeNames = "DNS:localhost"}, &authority);
  Directory directory;
  std::string caFile = directory.write("ca.pem", pem(authority));
  auto talk = [](SSL* ssl) {
    SSL_write(ssl, "* OK\r\n", 6);
    CHECK(readAll(ssl, 8) == "a NOOP\r\n");
    SSL_write(ssl, "a OK\r\n", 6);
  };
  auto check = [&](Stream& stream) {
    CHECK(receive(stream, 6) == "* OK\r\n");
    send(stream, "a NOOP\r\n");
    CHECK(receive(stream, 6) == "a OK\r\n");
  };
  SUBCASE("imaps") {
    Loopback server([&](int fd) { serveTls(fd, identified, talk); });
    auto net = netSettings(settings::Transport::imaps, server.port());
    net.tls.caFile = caFile;
    check(*open(net).greet());
  }
  SUBCASE("STARTTLS") {
    Loopback server([&](int fd) {
      put(fd, "* OK\r\n");
      CHECK(get(fd, 12) == "a STARTTLS\r\n");
      put(fd, "a OK\r\n");
      serveTls(fd, identified, talk);
    });
    auto net = netSettings(settings::Transport::imap, server.port());
    net.tls.caFile = caFile;
    auto endpoint = open(net);
    auto stream = endpoint.greet();
    CHECK(receive(*stream, 6) == "* OK\r\n");
    send(*stream, "a STARTTLS\r\n");
    CHECK(receive(*stream, 6) == "a OK\r\n");
    stream = endpoint.startTls(std::move(stream));
    check(*stream);
  }
  SUBCASE("through a proxy") {
    Loopback proxy([&](int fd) {
      CHECK(get(fd, 3) == "\x05\x01\x00"s);
      put(fd, "\x05\x00"s);
      CHECK(get(fd, 16) == "\x05\x01\x00\x03\x09localhost\x03\xe1"s);
      put(fd, "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"s);
      serveTls(fd, identified, talk);
    });
    auto net = netSettings(settings::Transport::imaps, "993");
    net.tls.caFile = caFile;
    net.proxy = "socks5h://127.0.0.1:" + proxy.port();
    check(*open(net).greet());
  }
  SUBCASE("DEFLATE over TLS") {
    Loopback server([&](int fd) {
      serveTls(fd, identified, [](SSL* ssl) {
        // An echo: what we compressed comes back as it is.
        for (std::string got = readAll(ssl, 1); !got.empty(); got = readAll(ssl, 1))
          SSL_write(ssl, got.data(), 1);
      });
    });
    auto net = netSettings(settings::Transport::imaps, server.port());
    net.tls.caFile = caFile;
    auto stream = startDeflate(open(net).greet());
    for (int i = 0; i < 3; ++i) {
      send(*stream, "a NOOP\r\n");
      CHECK(receive(*stream, 8) == "a NOOP\r\n");
    }
    CHECK(stream->compressedSent() == stream->compressedReceived());
    CHECK(stream->compressedSent() > 0);
  }
}
