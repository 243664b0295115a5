// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// --delete and --rename: the same mailbox on both servers and in the database.
#pragma once

#include "ipc/launch.h"
#include "store/store.h"
#include "sync/mailboxes/lists.h"
#include "sync/mailboxes/undertakings.h"
#include "sync/peers/server.h"
#include "sync/report/log.h"

namespace interimap {

// What one server refused, or is done already, does not stand in the way of giving the command again. What
// was killed is carried on by the next run (sync/mailboxes/undertakings.h).
class Commands {
 public:
  Commands(const settings::Sync& settings, Both<Server*> servers, store::Store& store, Log& log)
      : settings_(settings),
        servers_(servers),
        store_(store),
        log_(log),
        lists_(settings, servers, log),
        undertakings_(servers, store, log, lists_) {}

  void remove();  // settings.mailboxes; not what is below them
  void rename();  // settings.mailboxes[0] to [1], and what is below it

 private:
  bool targets(Side side) const { return side == Side::local ? settings_.onLocal : settings_.onRemote; }
  void carryOut(const store::Undertaking& undertaking);
  void announce(const store::Undertaking& undertaking);
  bool matchesNothing(const MailboxName& name) const;
  bool known(const MailboxName& name) const;
  void refuseUnrepresentable(const MailboxName& name);
  void refuseExisting(const MailboxName& from, const MailboxName& to);
  std::string shown(const MailboxName& name) const { return lists_.hierarchy(Side::local).wire(name).bytes; }

  const settings::Sync& settings_;
  Both<Server*> servers_;
  store::Store& store_;
  Log& log_;
  Lists lists_;
  Undertakings undertakings_;
};

}  // namespace interimap
