// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Deletes delivered messages from the server.
#pragma once

#include "sync/pull/pull_context.h"

namespace interimap {

// Those of `mailbox` that were delivered, and that came in more than `days` days ago; 0: all that were. Never
// one that this state does not know as delivered, by UID and by content: what was delivered through another
// connection is looked at once more before.
void purgeMailbox(PullContext& pulling, const WireName& mailbox, std::uint32_t days);

}  // namespace interimap
