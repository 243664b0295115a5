// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Whose mail a database is about: which account each server was when they were synchronised.
#pragma once

#include "ipc/launch.h"
#include "store/store.h"
#include "sync/mailboxes/mailbox_plan.h"
#include "sync/report/log.h"

namespace interimap {

// A database used with another account would take strange mail for expunged: Failure(data). What is not
// recorded yet is recorded, and so is the new name of a server that holds what the old one held.
void checkOwnership(const settings::Sync& settings, const Both<const Listing*>& listings, store::Store& store,
                    Log& log);

// What is said of a database that was begun for another account on that side; empty: it was not.
std::string whoseElse(const settings::Sync& settings, Side side, const Listing& listing,
                      const store::Store& store);

}  // namespace interimap
