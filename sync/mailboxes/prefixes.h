// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// With which prefixes of personal namespaces (RFC 2342) a database was begun: its names are without them, and
// stay so, whatever a server says later. One that was begun without, or by the Perl program, goes on without.
#pragma once

#include "store/store.h"
#include "sync/mailboxes/lists.h"

namespace interimap {

void usePrefixes(const store::Store& store, Lists& lists);
// Those that `lists` has settled on, if this is the beginning.
void recordPrefixes(const Lists& lists, store::Store& store);

}  // namespace interimap
