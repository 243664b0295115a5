// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Which messages are gone, where no server says so: what is missing from the UIDs that it shows. Before that
// is believed the number of messages that it told has to fit: a server that cuts its answers, or searches
// badly, has not expunged anything. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sync/pass/changes.h"

namespace interimap {

struct Witnesses {
  const UidSet& mapped;                 // messages that both sides had
  const UidSet& refused;                // that are on this side alone
  UidSet present;                       // UIDs that the server shows, all there are
  std::uint32_t exists;                 // MESSAGES, as it told them
  std::optional<std::uint32_t> before;  // last time
};

// Fills in what is gone, or why that cannot be said.
void conclude(const Witnesses& witnesses, Changes& changes);

// As it is told to the user.
std::string text(const Changes::Doubt& doubt);

}  // namespace interimap
