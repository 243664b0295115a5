// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The mailboxes of a run: what the two lists and the database say of each other, which of them are created,
// subscribed and forgotten for that, which are left alone, and which there is something to be done about.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <vector>

#include "ipc/launch.h"
#include "store/store.h"
#include "sync/mailboxes/lists.h"
#include "sync/mailboxes/mailbox.h"
#include "sync/mailboxes/mailbox_plan.h"
#include "sync/mailboxes/rules.h"
#include "sync/peers/server.h"
#include "sync/report/log.h"

namespace interimap {

class MailboxSet {
 public:
  MailboxSet(const settings::Sync& settings, Both<Server*> servers, store::Store& store, Log& log,
             Lists& lists)
      : settings_(settings),
        servers_(servers),
        store_(store),
        log_(log),
        lists_(lists),
        rules_(settings, lists) {}

  // In the database, by name: all of them.
  std::map<MailboxName, store::MailboxId> ids() const;
  // ... and those that something may be done to, with their subscriptions.
  KnownSubscriptions known() const;
  // Nothing is done to this one, nor to what is below it, in this run. To be repeated after a new listing.
  void setAside(const MailboxName& name);
  // Gone from both servers, but perhaps there under another name: not to be forgotten.
  void setAstray(std::set<MailboxName> names) { astray_ = std::move(names); }

  // What is missing from a list that could not be read in full is left alone, too, and this is reported.
  // Lists have been seen to be out of date while NOTIFY is on: what follows from them is asked for once more.
  // `first`: round of this session.
  void checkListings(bool first);
  void forgetGone(bool preview);

  std::vector<MailboxPlan> plan() const;
  void carryOut(std::vector<MailboxPlan> plans);
  // Says what carryOut() would do, and nothing is done.
  void preview(const std::vector<MailboxPlan>& plans);

  // On both sides and in the database.
  const std::vector<MailboxName>& synced() const { return synced_; }
  // Of those, the ones with news on either side, or with something left to do.
  std::vector<Mailbox> dirty();
  Mailbox mailbox(const MailboxName& name, store::MailboxId id) const;
  const Rules& rules() const { return rules_; }

 private:
  void leaveOutMissing(Side side);
  void askWhich(Both<std::vector<MailboxName>> names,
                const std::function<void(Side, const MailboxName&, const answer::Done&)>& tell);
  bool isUnmade(store::MailboxId mailbox, Side side,
                const std::map<MailboxName, store::MailboxId>& known) const;
  bool isTakenForAnother(Side side, const MailboxName& name) const;
  void refuseAliases(Side side, const std::vector<const MailboxPlan*>& created,
                     std::set<const MailboxPlan*>& failed);
  std::set<const MailboxPlan*> tellServers(const std::vector<MailboxPlan>& plans);
  void reportGone(const MailboxPlan& plan);
  void record(const std::vector<MailboxPlan>& plans);
  std::set<store::MailboxId> unfinished() const;
  bool isWanted(store::MailboxId id, const Policy& policy) const;
  bool hasNews(const store::KnownMailbox& known) const;

  const settings::Sync& settings_;
  Both<Server*> servers_;
  store::Store& store_;
  Log& log_;
  Lists& lists_;
  Rules rules_;
  std::set<MailboxName> aside_, astray_;
  std::set<MailboxName> missing_;  // from a list with a hole: nothing is done to these, either
  std::vector<MailboxName> synced_;
};

}  // namespace interimap
