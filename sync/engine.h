// A run of interimap: list both servers, bring mailboxes and subscriptions together, then pass over every
// mailbox that has news until none has.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "ipc/launch.h"
#include "store/store.h"
#include "sync/lists.h"
#include "sync/log.h"
#include "sync/mailbox.h"
#include "sync/mailbox_plan.h"
#include "sync/pass.h"
#include "sync/server.h"

namespace interimap {

class Engine {
 public:
  Engine(const settings::Sync& settings, Both<Server*> servers, Exchange& exchange, store::Store& store,
         Log& log);
  // Throws Failure, Stopped, PeerGone, PeerViolation; what failed short of that is in the log's status.
  void run();
  // --dry-run: says what run() would do, and does nothing to either server or the database.
  void preview();

 private:
  void checkAccounts();
  bool isAlias(Side side, const std::string& recorded, const std::string& account);
  void previewMailbox(const MailboxPlan& plan);
  void carryOut(std::vector<MailboxPlan> plans);
  void record(const std::vector<MailboxPlan>& plans);
  std::vector<Mailbox> dirtyMailboxes();
  void awaitStragglers(const std::vector<Mailbox>& mailboxes);
  void synchronise(const std::vector<Mailbox>& mailboxes);
  // One pass over all of them; those that something was written to, with the sides to look at again.
  std::vector<std::pair<const Mailbox*, Both<bool>>> pass(
      const std::vector<std::pair<const Mailbox*, Both<bool>>>& mailboxes, bool again);
  void copy(Both<Lane*> lanes);

  const settings::Sync& settings_;
  Both<Server*> servers_;
  Exchange& exchange_;
  store::Store& store_;
  Log& log_;
  Lists lists_;
  std::vector<MailboxName> synced_;  // on both sides and in the database
};

}  // namespace interimap
