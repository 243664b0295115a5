// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/wire/endpoint.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/crypto.h>
#include <sys/socket.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "net/wire/limits.h"
#include "net/wire/socks.h"
#include "transport/address.h"
#include "transport/socket.h"

namespace interimap {

namespace {

using settings::Transport;

// By the handshake of TCP, which the kernels at both ends have made among themselves.
bool isNear(const Descriptor& socket) {
  tcp_info info{};
  socklen_t size = sizeof info;
  return getsockopt(socket.get(), IPPROTO_TCP, TCP_INFO, &info, &size) == 0 &&
         std::chrono::microseconds(info.tcpi_rtt) < limits::kNearby;
}

// At a low rate the kernel would take seconds' worth of octets ahead of us. Best effort.
void narrow(const Descriptor& socket, std::uint64_t octetsPerSecond) {
  if (octetsPerSecond == 0 || octetsPerSecond / 2 >= limits::kFirstWindow) return;
  const int octets = static_cast<int>(std::max<std::uint64_t>(octetsPerSecond / 2, limits::kLeastWindow));
  setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUF, &octets, sizeof octets);
}

}  // namespace

std::unique_ptr<TlsContext> prepareTls(const settings::Net& settings, Log log, Passed passed) {
  bool needed =
      settings.transport == Transport::imaps || (settings.transport == Transport::imap && settings.startTls);
  // Without TLS all that is asked of OpenSSL are digests, which nothing is configured for; and nothing is
  // left to be tidied up at the end.
  OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT | (needed ? 0 : OPENSSL_INIT_NO_LOAD_CONFIG), nullptr);
  return needed ? std::make_unique<TlsContext>(settings.tls, settings.host, std::move(log), std::move(passed),
                                               settings.keyPassword)
                : nullptr;
}

Opened openEndpoint(settings::Net& settings, std::unique_ptr<TlsContext> tls, const Passed& passed) {
  if (settings.transport == Transport::tunnel) {
    Tunnel tunnel = startTunnel(settings.command, settings.nullStderr && settings.debug == 0);
    forgetEnvironment();
    if (passed) passed("tcp", "The command is started: " + settings.command, {});
    return {Endpoint(std::make_unique<SocketStream>(std::move(tunnel.connection))),
            std::move(tunnel.process)};
  }
  std::string host = settings.host, port = settings.port;
  Endpoint::Prelude proxied;
  if (!settings.proxy.empty()) {
    auto proxy = socks::Proxy::parse(settings.proxy);
    host = proxy.host;
    port = proxy.port;
    auto dialogue = std::make_shared<socks::Dialogue>(std::move(proxy), settings.host, settings.port);
    proxied = [dialogue](Stream& stream) { dialogue->run(stream); };
  }
  auto addresses = resolve(host, port);
  if (passed) passed("addresses", addressesText(host, addresses), {});
  Dial dial(
      host + ':' + port, std::move(addresses),
      {.keepAlive = settings.keepAlive,
       .advice = settings.proxy.empty() ? ". Does a server listen there? See host and port" : ". See proxy"});
  Descriptor socket = dial.finish();
  narrow(socket, settings.rate);
  if (passed) passed("tcp", "Connected to " + peerText(socket), {});
  bool pays = settings.compress != settings::Compress::ifItPays || proxied || !isNear(socket);
  if (!pays) settings.compress = settings::Compress::no;
  return {Endpoint(std::make_unique<SocketStream>(std::move(socket)), std::move(tls),
                   settings.transport == Transport::imaps, std::move(proxied)),
          {}};
}

}  // namespace interimap
