// LIST on both servers: which mailboxes there are, and how each server spells them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ipc/launch.h"
#include "sync/hierarchy.h"
#include "sync/log.h"
#include "sync/mailbox_plan.h"
#include "sync/reconcile.h"
#include "sync/server.h"

namespace interimap {

class Lists {
 public:
  Lists(const settings::Sync& settings, Both<Server*> servers, Log& log)
      : settings_(settings), servers_(servers), log_(log) {}

  enum class Scope {
    synchronised,  // what the settings ask for, with subscriptions and STATUS
    named,         // exactly the MAILBOX arguments and what is below them, without selectors
  };
  // Sends, waits, sorts out. Throws ServerFailure and Failure: LIST refused, delimiters that do not go
  // together.
  void fetch(Scope scope);

  const Hierarchy& hierarchy(Side side) const { return *hierarchy_[side]; }
  Listing& listing(Side side) { return listing_[side]; }

 private:
  request::List request(Side side) const;
  const std::string& reference(Side side) const {
    return side == Side::local ? settings_.localReference : settings_.remoteReference;
  }
  Reply<Nothing> send(Side side, request::List list);
  void waitFor(Both<std::vector<Reply<Nothing>>> replies);
  void fetchDelimiters();
  void settleDelimiters();
  void sortOut();
  void fetchUnselected();

  const settings::Sync& settings_;
  Both<Server*> servers_;
  Log& log_;
  Scope scope_ = Scope::synchronised;
  Both<std::optional<std::optional<char>>> delimiter_;  // unknown, or one, or NIL
  Both<std::vector<answer::ListEntry>> entries_;
  Both<std::vector<answer::StatusEntry>> statuses_;
  Both<std::optional<Hierarchy>> hierarchy_;
  Both<Listing> listing_;
};

}  // namespace interimap
