// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Deleting and renaming mailboxes on both servers and in the database: --delete, --rename, and a renaming or
// deletion that is followed. Written down before the first server is told, so that the next run of whatever
// kind carries on where one was killed, before a half-done renaming is taken for a mailbox that is gone and
// another that is new.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "store/store.h"
#include "sync/mailboxes/lists.h"
#include "sync/peers/server.h"
#include "sync/report/log.h"

namespace interimap {

class Undertakings {
 public:
  Undertakings(Both<Server*> servers, store::Store& store, Log& log, Lists& lists)
      : servers_(servers), store_(store), log_(log), lists_(lists) {}

  // Deleting `from` where there is no `to`. On the sides that have the mailbox, of those asked for.
  store::Undertaking plan(const MailboxName& from, const std::optional<MailboxName>& to, Both<bool> sides,
                          bool inDatabase) const;
  struct Refused {
    Side side;
    std::string text;
  };
  // Does it. A server that says NO ends it: what is done is done, and nothing is left to be carried on.
  std::optional<Refused> carryOut(store::Undertaking undertaking);
  // Carries on what an earlier run left, but for a deletion that nobody has asked for and that is not done:
  // whether it is right is to be looked at again. The mailboxes that nothing may be done to, because that
  // cannot be done now: what is below them neither. Lists by name, so that `lists` is to be fetched anew
  // after it.
  std::set<MailboxName> resume();
  // What a list does not show may be there: Failure(protocol) where a line of one could not be read.
  void requireLists() const;
  bool any() const { return !store_.isNew() && !store_.undertakings().empty(); }

 private:
  bool carryOn(const store::Undertaking& undertaking);
  bool isDue(Side side, const store::Undertaking& undertaking) const;
  std::optional<Refused> tell(Side side, const store::Undertaking& undertaking);
  void carrySubscriptions(Side side, const MailboxName& from, const MailboxName& to);
  void settleSubscriptions(const store::Undertaking& undertaking, const Both<bool>& told);
  bool subscribe(Side side, const MailboxName& name);
  void complete(const store::Undertaking& undertaking);
  bool giveUp(const store::Undertaking& undertaking);
  bool isKnown(const MailboxName& name) const;
  std::string shown(const store::Undertaking& undertaking) const;  // of the database
  std::string text(Side side, const store::Undertaking& undertaking) const;

  Both<Server*> servers_;
  store::Store& store_;
  Log& log_;
  Lists& lists_;
};

}  // namespace interimap
