// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What a server can do beyond RFC 5321's minimum, as its reply to EHLO or LHLO says.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "delivery/reply.h"

namespace interimap {

struct Extensions {
  bool pipelining = false;            // RFC 2920
  bool eightBitMime = false;          // RFC 6152
  bool smtpUtf8 = false;              // RFC 6531
  bool chunking = false;              // RFC 3030
  bool size = false;                  // RFC 1870: MAIL takes SIZE=
  std::optional<std::uint64_t> most;  // ... and no message may be larger, octets
  bool startTls = false;              // RFC 3207
  std::vector<std::string> auth;      // RFC 4954: mechanisms, in upper case
  bool operator==(const Extensions&) const = default;

  // ehlo-line = ehlo-keyword *( SP ehlo-param ), each on a line of its own behind the first. Keywords in any
  // case; unknown ones, and malformed parameters, are as if they were not there.
  static Extensions parse(const Reply& reply);
};

}  // namespace interimap
