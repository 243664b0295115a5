#include "net/endpoint.h"

#include <memory>
#include <string>
#include <utility>

#include "net/socks.h"
#include "net/tunnel.h"
#include "transport/address.h"
#include "transport/socket.h"

namespace interimap {

Endpoint openEndpoint(const settings::Net& settings, Log log) {
  if (settings.transport == settings::Transport::tunnel)
    return Endpoint(std::make_unique<SocketStream>(
        startTunnel(settings.command, settings.nullStderr && settings.debug == 0)));
  std::string host = settings.host, port = settings.port;
  Endpoint::Prelude proxied;
  if (!settings.proxy.empty()) {
    auto proxy = socks::Proxy::parse(settings.proxy);
    host = proxy.host;
    port = proxy.port;
    auto dialogue = std::make_shared<socks::Dialogue>(std::move(proxy), settings.host, settings.port);
    proxied = [dialogue](Stream& stream) { dialogue->run(stream); };
  }
  Dial dial(host + ':' + port, resolve(host, port), {.keepAlive = settings.keepAlive});
  // While the connection is being made.
  bool tlsAtOnce = settings.transport == settings::Transport::imaps;
  std::unique_ptr<TlsContext> tls;
  if (tlsAtOnce || settings.startTls)
    tls = std::make_unique<TlsContext>(settings.tls, settings.host, std::move(log));
  return Endpoint(std::make_unique<SocketStream>(dial.finish()), std::move(tls), tlsAtOnce,
                  std::move(proxied));
}

}  // namespace interimap
