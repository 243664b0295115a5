// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A connection that stands, with everything read that TLS may need later, so that the process can lock itself
// in between:
//
//   Endpoint endpoint = openEndpoint(settings, log);     // net/wire/endpoint.h, delivery/endpoint.h
//   sandbox::lockIn(...);
//   std::unique_ptr<Stream> stream = endpoint.greet();   // the server's greeting is readable
//   ... STARTTLS, its positive reply, nothing read beyond it ...
//   stream = endpoint.startTls(std::move(stream));
#pragma once

#include <functional>
#include <memory>

#include "transport/stream.h"
#include "transport/tls.h"

namespace interimap {

class Endpoint {
 public:
  // What comes before everything else, such as the dialogue with a proxy.
  using Prelude = std::function<void(Stream&)>;

  // `tls`: nullptr if it will not be needed; with `tlsAtOnce` greet() shakes hands.
  explicit Endpoint(std::unique_ptr<Stream> stream, std::unique_ptr<TlsContext> tls = nullptr,
                    bool tlsAtOnce = false, Prelude prelude = nullptr);

  // To be called once. Waits, but never longer than transport/deadlines.h allows. Throws Failure:
  // unavailable, or noPermission for a certificate, a fingerprint or a proxy's credentials that were refused.
  std::unique_ptr<Stream> greet();

  // The handshake of STARTTLS: the caller has read the reply and made sure that no octet came after it. Waits
  // and throws as greet(). Once.
  std::unique_ptr<Stream> startTls(std::unique_ptr<Stream> below);

 private:
  std::unique_ptr<Stream> stream_;  // until greet()
  std::unique_ptr<TlsContext> tls_;
  bool tlsAtOnce_;
  Prelude prelude_;
};

}  // namespace interimap
