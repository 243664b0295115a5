// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Deletes delivered messages from the server.
#pragma once

#include "sync/pull/pulling.h"

namespace interimap {

// Those of `mailbox` that were delivered, and that came in more than `days` days ago; 0: all that were. Never
// one that this state does not know as delivered.
void purgeMailbox(Pulling& pulling, const WireName& mailbox, std::uint32_t days);

}  // namespace interimap
