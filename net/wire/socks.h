// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// SOCKS version 5 (RFC 1928) with username and password (RFC 1929): net's proxy.
#pragma once

#include <cstdint>
#include <string>

#include "ipc/secret.h"
#include "net/wire/limits.h"
#include "transport/stream.h"

namespace interimap::socks {

// proxy = ("socks5" / "socks5h") "://" [user ":" password "@"] host [":" port]
// socks5: names are resolved here; socks5h: by the proxy. The user part ends at the last "@", the user at the
// first ":"; nothing is percent-decoded. An IPv6 host stands in brackets. The port is 1080 if absent.
struct Proxy {
  bool resolvesNames = false;  // socks5h
  std::string user;            // empty: no authentication offered
  Secret password;
  std::string host, port;

  // Throws Failure(config): "Unsupported proxy protocol", "Invalid proxy". Never quotes the password.
  static Proxy parse(const std::string& uri);
};

// The dialogue with a proxy, made before lock-in (it may resolve `host` and `port`) and run after it.
class Dialogue {
 public:
  // Throws Failure: config for a host or port that cannot be sent, unavailable for one that does not resolve.
  Dialogue(Proxy proxy, const std::string& host, const std::string& port);

  // To be called once. On return the next octet is the server's. Throws Failure "SOCKSv5 ERROR: reason":
  // noPermission if the proxy refused the credentials, else unavailable.
  void run(Stream& stream, std::chrono::milliseconds deadline = limits::kSocks);

 private:
  Proxy proxy_;
  std::string destination_;  // ATYP DST.ADDR DST.PORT
};

}  // namespace interimap::socks
