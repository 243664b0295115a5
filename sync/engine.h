// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A run of interimap: list both servers, bring mailboxes and subscriptions together, then pass over every
// mailbox that has news until none has.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "ipc/launch.h"
#include "store/store.h"
#include "sync/copying/lanes.h"
#include "sync/mailboxes/lists.h"
#include "sync/mailboxes/mailbox.h"
#include "sync/mailboxes/mailbox_plan.h"
#include "sync/mailboxes/renaming.h"
#include "sync/mailboxes/undertakings.h"
#include "sync/pass/pass.h"
#include "sync/peers/connections.h"
#include "sync/peers/server.h"
#include "sync/report/log.h"

namespace interimap {

class Engine {
 public:
  Engine(const settings::Sync& settings, Connections& connections, Exchange& exchange, store::Store& store,
         Log& log);
  // Throws Failure, Stopped, PeerGone, PeerViolation; what failed short of that is in the log's status.
  // `first`: of the rounds of this session.
  void run(bool first = true);
  // --dry-run: says what run() would do, and does nothing to either server or the database.
  void preview();

 private:
  void checkAccounts();
  bool isAlias(Side side, const std::string& recorded, const std::string& account);
  void previewMailbox(const MailboxPlan& plan);
  void previewNew(const MailboxName& name);
  void previewPass(const Due& due);
  void prepareDatabase();
  KnownSubscriptions known() const;
  std::map<MailboxName, store::MailboxId> ids() const;
  // Follows what was renamed on one side; finishes what was interrupted; forgets what is gone.
  void resumeUndertakings();
  void followRenamings(bool preview);
  enum class Verdict { same, another, unknown };
  Verdict compare(const Renaming& renaming);
  bool mayFollow(const Renaming& renaming) const;
  bool follow(const Renaming& renaming);
  void setAside(const MailboxName& name);
  void forgetGone(bool preview);
  // Lists have been seen to be out of date while NOTIFY is on: what follows from them is asked for once more.
  void checkListings(bool first);
  void askWhich(Both<std::vector<MailboxName>> names,
                const std::function<void(Side, const MailboxName&, const answer::Done&)>& tell);
  void carryOut(std::vector<MailboxPlan> plans);
  void record(const std::vector<MailboxPlan>& plans);
  std::vector<Mailbox> dirtyMailboxes();
  void awaitStragglers(const std::vector<Mailbox>& mailboxes);
  void awaitUnanswered(const Both<Lanes*>& lanes);
  void synchronise(const std::vector<Mailbox>& mailboxes);
  // One pass over all of them; those that are due again.
  std::vector<Due> pass(const std::vector<Due>& mailboxes);
  void begin(std::deque<Pass>& passes, const std::vector<Due>& mailboxes, const Both<Lanes*>& lanes);
  std::uint64_t likelyListed(const Due& due) const;
  void reportWithheld();
  void copy(const Both<Lanes*>& lanes);
  // Copies what can be copied; meanwhile all channels are served.
  void copyUntil(const Both<Lanes*>& lanes, const std::function<bool()>& until);
  void tellProgress(const Both<Lanes*>& lanes);

  const settings::Sync& settings_;
  Connections& connections_;
  Both<Server*> servers_;
  Exchange& exchange_;
  store::Store& store_;
  Log& log_;
  Lists lists_;
  Undertakings undertakings_;
  std::set<MailboxName> aside_;      // nothing is done to these, and what is below them
  std::set<MailboxName> astray_;     // gone from both servers, perhaps under another name
  std::vector<MailboxName> synced_;  // on both sides and in the database
  std::chrono::steady_clock::time_point progressTold_{};
};

}  // namespace interimap
