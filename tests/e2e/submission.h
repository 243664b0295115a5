// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Dovecot's servers for mail that is sent: LMTP, and SMTP submission, which hands on to a relay.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tests/e2e/directory.h"
#include "tests/e2e/port.h"

namespace interimap::bed {

struct Submission {
  // Where the programs are; none, and why on stderr, if they cannot be had.
  static std::optional<fs::path> programs();

  // Part of a Dovecot's configuration.
  std::string configuration(const fs::path& programs, std::uint16_t relayPort) const;

  std::uint16_t lmtp = freePort();
  std::uint16_t starttls = freePort(), implicit = freePort();  // SMTP; AUTH is required
};

}  // namespace interimap::bed
