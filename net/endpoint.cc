#include "net/endpoint.h"

#include <stdexcept>
#include <utility>

#include "net/address.h"
#include "net/socket.h"
#include "net/tunnel.h"

namespace interimap {

Endpoint Endpoint::open(const settings::Net& settings, Log log) {
  Endpoint endpoint;
  if (settings.transport == settings::Transport::tunnel) {
    endpoint.stream_ = std::make_unique<SocketStream>(
        startTunnel(settings.command, settings.nullStderr && settings.debug == 0));
    return endpoint;
  }
  std::string host = settings.host, port = settings.port;
  if (!settings.proxy.empty()) {
    auto proxy = socks::Proxy::parse(settings.proxy);
    host = proxy.host;
    port = proxy.port;
    endpoint.proxy_.emplace(std::move(proxy), settings.host, settings.port);
  }
  Dial dial(host, port, resolve(host, port), {.keepAlive = settings.keepAlive});
  // While the connection is being made.
  endpoint.tlsAtOnce_ = settings.transport == settings::Transport::imaps;
  if (endpoint.tlsAtOnce_ || settings.startTls)
    endpoint.tls_ = std::make_unique<TlsContext>(settings.tls, settings.host, std::move(log));
  endpoint.stream_ = std::make_unique<SocketStream>(dial.finish());
  return endpoint;
}

std::unique_ptr<Stream> Endpoint::greet() {
  if (proxy_) proxy_->run(*stream_);
  proxy_.reset();
  return tlsAtOnce_ ? startTls(std::move(stream_)) : std::move(stream_);
}

std::unique_ptr<Stream> Endpoint::startTls(std::unique_ptr<Stream> below) {
  if (!tls_) throw std::logic_error("TLS that was not prepared");
  auto tls = std::move(tls_);  // it goes with all its certificates
  return tls->start(std::move(below));
}

}  // namespace interimap
