// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A run of interimap: list both servers, bring mailboxes and subscriptions together, then pass over every
// mailbox that has news until none has, and delete what was deleted.
#pragma once

#include "ipc/launch.h"
#include "store/store.h"
#include "sync/copying/allowance.h"
#include "sync/deletions.h"
#include "sync/mailboxes/idle_mailboxes.h"
#include "sync/mailboxes/lists.h"
#include "sync/mailboxes/mailbox_set.h"
#include "sync/mailboxes/renaming_follower.h"
#include "sync/passes.h"
#include "sync/peers/connections.h"
#include "sync/report/log.h"

namespace interimap {

class Engine {
 public:
  Engine(const settings::Sync& settings, Connections& connections, Exchange& exchange, store::Store& store,
         Log& log, Allowance& allowance);
  // Throws Failure, Stopped, PeerGone, PeerViolation; what failed short of that is in the log's status.
  // `first`: of the rounds of this session.
  void run(bool first = true);
  // --dry-run: says what run() would do, and does nothing to either server or the database.
  void preview();
  // The connection was lost at the last thing that was left to do.
  bool isCutShort() const { return passes_.isCutShort(); }
  // Of that side, after run(): where a watcher is to wait for news.
  IdleMailboxes idleMailboxes(Side side) const {
    return IdleMailboxes::of(settings_.of[side].idleMailboxes, mailboxes_.synced(), lists_.hierarchy(side));
  }

 private:
  void prepareDatabase();
  void previewNew(const MailboxPlan& plan);
  void reportWithheld();

  const settings::Sync& settings_;
  Both<Server*> servers_;
  store::Store& store_;
  Log& log_;
  Lists lists_;
  MailboxSet mailboxes_;
  RenamingFollower renamings_;
  Deletions deletions_;
  Passes passes_;
  Both<bool> unsized_{};  // preview(): the sizes of some messages for that side are not known
};

}  // namespace interimap
