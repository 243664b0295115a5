// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "delivery/endpoint.h"

#include <memory>
#include <utility>
#include <vector>

#include "ipc/failure.h"
#include "transport/address.h"
#include "transport/socket.h"

namespace interimap {

namespace {

using Security = settings::Delivery::Security;

bool isPath(const std::string& host) { return host.starts_with('/'); }

// Who a certificate has to name. Behind a Unix socket there is no host; deliver-SSL_hostname may give one.
std::string verifiedHost(const settings::Delivery& settings) {
  if (!isPath(settings.host)) return settings.host;
  return settings.tls.hostname.value_or("");
}

void requireWorkable(const settings::Delivery& settings) {
  bool tls = settings.security != Security::none;
  if (!settings.username.empty() && !tls)
    throw Failure(ExitStatus::config,
                  "deliver-username is set but deliver-tls is not: the password would be sent in clear");
  if (tls && verifiedHost(settings).empty())
    throw Failure(ExitStatus::config, "deliver-tls with the Unix socket " + settings.host +
                                          " needs deliver-SSL_hostname, the name to be verified");
}

}  // namespace

std::string endpointText(const settings::Delivery& settings) {
  if (isPath(settings.host)) return settings.host;
  bool colons = settings.host.find(':') != std::string::npos && !settings.host.starts_with('[');
  return (colons ? "[" + settings.host + "]" : settings.host) + ":" + settings.port;
}

Endpoint openEndpoint(const settings::Delivery& settings, Log log, Passed passed) {
  requireWorkable(settings);
  auto addresses =
      isPath(settings.host) ? std::vector{unixAddress(settings.host)} : resolve(settings.host, settings.port);
  if (passed && !isPath(settings.host)) passed("addresses", addressesText(settings.host, addresses), {});
  Dial dial(endpointText(settings), std::move(addresses),
            {.advice = ". Does a server listen there? See deliver-method"});
  // While the connection is being made.
  std::unique_ptr<TlsContext> tls;
  if (settings.security != Security::none)
    tls = std::make_unique<TlsContext>(settings.tls, verifiedHost(settings), std::move(log), passed,
                                       settings.keyPassword);
  Descriptor socket = dial.finish();
  if (passed) passed("tcp", "Connected to " + (isPath(settings.host) ? settings.host : peerText(socket)), {});
  return Endpoint(std::make_unique<SocketStream>(std::move(socket)), std::move(tls),
                  settings.security == Security::implicit);
}

}  // namespace interimap
