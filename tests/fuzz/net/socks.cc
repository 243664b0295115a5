// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/wire/socks.h"

#include "ipc/failure.h"
#include "tests/fuzz/net/recorded.h"
#include "tests/fuzz/target.h"

using namespace interimap;
using fuzz::require;

// The URI of a proxy in the first line, then what it says.
FUZZ(socks) {
  std::string uri(fuzz::takeLine(octets));
  try {
    auto proxy = socks::Proxy::parse(uri);
    require(!proxy.host.empty() && !proxy.port.empty(), "a proxy has a host and a port");
    require(proxy.user.size() <= 255 && proxy.password.reveal().size() <= 255, "lengths fit in an octet");
  } catch (const Failure& failure) {
    require(failure.status == ExitStatus::config, "a bad URI is a bad configuration");
  }
  for (const char* known : {"socks5h://user:password@[::1]:1080", "socks5h://[::1]"}) {
    fuzz::Recorded server(octets, 2);
    try {
      socks::Dialogue(socks::Proxy::parse(known), "imap.example.test", "993").run(server);
    } catch (const Failure&) {
    }
  }
}
