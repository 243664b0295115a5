// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A mailbox that got another name on one server gets it on the other, too, and in the database: nothing has
// to be copied.
#pragma once

#include "store/store.h"
#include "sync/mailboxes/lists.h"
#include "sync/mailboxes/mailbox_set.h"
#include "sync/mailboxes/renaming.h"
#include "sync/mailboxes/undertakings.h"
#include "sync/peers/server.h"
#include "sync/report/log.h"

namespace interimap {

class RenamingFollower {
 public:
  RenamingFollower(Both<Server*> servers, store::Store& store, Log& log, Lists& lists, MailboxSet& mailboxes)
      : servers_(servers),
        store_(store),
        log_(log),
        lists_(lists),
        mailboxes_(mailboxes),
        undertakings_(servers, store, log, lists) {}

  // Finishes what an earlier run was interrupted at, if anything; lists anew after that.
  void resume();
  // What is not sure to be a renaming is reported and set aside.
  void follow();
  // Says what follow() would do; those mailboxes are set aside.
  void preview();

 private:
  enum class Verdict { same, another, unknown };
  void settle(bool preview);
  Renamings suspected() const;
  Verdict compare(const Renaming& renaming);
  bool mayFollow(const Renaming& renaming) const;
  bool carryOut(const Renaming& renaming);

  Both<Server*> servers_;
  store::Store& store_;
  Log& log_;
  Lists& lists_;
  MailboxSet& mailboxes_;
  Undertakings undertakings_;
};

}  // namespace interimap
