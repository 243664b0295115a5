// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Local and remote that are one account, or a part of it and the whole: each run would copy the account into
// itself once more.
#pragma once

#include "ipc/launch.h"
#include "store/store.h"
#include "sync/mailboxes/lists.h"
#include "sync/peers/server.h"
#include "sync/report/log.h"

namespace interimap {

// What a run that was killed has left of it.
void removeProbes(Both<Server*> servers, const Lists& lists, Log& log);

// To be called once both are listed, before anything is written: Failure(config) if they are. Host names do
// not tell. So as long as nothing was ever synchronised, every mailbox that both list is compared:
// UIDVALIDITY, UIDNEXT, HIGHESTMODSEQ, MESSAGES, which costs nothing. Where all are equal, so are the newest
// messages of one; and where those are, too, a mailbox that is created on the one must not be there on the
// other. It is deleted again. --dry-run does not go as far as that.
void refuseOneAccount(const settings::Sync& settings, Both<Server*> servers, Lists& lists,
                      const store::Store& store, Log& log);

}  // namespace interimap
