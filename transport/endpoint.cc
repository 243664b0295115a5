// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "transport/endpoint.h"

#include <stdexcept>
#include <utility>

namespace interimap {

Endpoint::Endpoint(std::unique_ptr<Stream> stream, std::unique_ptr<TlsContext> tls, bool tlsAtOnce,
                   Prelude prelude)
    : stream_(std::move(stream)), tls_(std::move(tls)), tlsAtOnce_(tlsAtOnce), prelude_(std::move(prelude)) {}

std::unique_ptr<Stream> Endpoint::greet() {
  if (prelude_) prelude_(*stream_);
  prelude_ = nullptr;
  return tlsAtOnce_ ? startTls(std::move(stream_)) : std::move(stream_);
}

std::unique_ptr<Stream> Endpoint::startTls(std::unique_ptr<Stream> below) {
  if (!tls_) throw std::logic_error("TLS that was not prepared");
  auto tls = std::move(tls_);  // it goes with all its certificates
  return tls->start(std::move(below));
}

}  // namespace interimap
