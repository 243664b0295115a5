// The way from settings to an open Stream, in two halves with the lock-in between them:
//
//   Endpoint endpoint = Endpoint::open(settings, log);   // resolve, connect or start the tunnel, load trust
//   sandbox::lockIn(...);
//   std::unique_ptr<Stream> stream = endpoint.greet();   // SOCKS, TLS; then the server's greeting is
//   readable
//   ... STARTTLS, tagged OK, nothing read beyond it ...
//   stream = endpoint.startTls(std::move(stream));
//   ... COMPRESS DEFLATE, tagged OK ...
//   auto deflate = startDeflate(std::move(stream));      // net/deflate.h
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "ipc/launch.h"
#include "net/log.h"
#include "net/socks.h"
#include "net/stream.h"
#include "net/tls.h"

namespace interimap {

class Endpoint {
 public:
  // Opens everything that will be needed: descriptors, certificates, OpenSSL itself. Reads nothing from the
  // network but DNS. Throws Failure: unavailable if the server cannot be reached, config for bad settings.
  static Endpoint open(const settings::Net& settings, Log log);

  // To be called once. The SOCKS dialogue if there is a proxy, then the TLS handshake if the transport is
  // imaps. Waits, but never longer than net/deadlines.h allows. Throws Failure: unavailable, or noPermission
  // for a certificate, fingerprint or proxy credentials that were refused.
  std::unique_ptr<Stream> greet();

  // The handshake of STARTTLS (RFC 3501 section 6.2.1): the caller has read the tagged OK and made sure that
  // no octet came after it. Waits and throws as greet(). Once, and only for transport imap with
  // startTls set.
  std::unique_ptr<Stream> startTls(std::unique_ptr<Stream> below);

 private:
  Endpoint() = default;

  std::unique_ptr<Stream> stream_;  // until greet()
  std::optional<socks::Dialogue> proxy_;
  std::unique_ptr<TlsContext> tls_;  // if it may be needed
  bool tlsAtOnce_ = false;           // imaps
};

}  // namespace interimap
