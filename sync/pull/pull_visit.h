// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// One visit of a mailbox: what is new there is brought to delivery, and flagged once it is delivered.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sync/pull/pull_context.h"
#include "sync/pull/pull_lane.h"
#include "sync/pull/pull_recall.h"

namespace interimap {

class Visit {
 public:
  // `first` of this mailbox in this process: messages that were left over are tried once more, and reported.
  Visit(PullContext& pulling, const WireName& mailbox, bool first)
      : pulling_(pulling), mailbox_(mailbox), first_(first), recall_(pulling, mailbox) {}

  // Whether something new was found, so that there may be more by now. What fails for this mailbox alone is
  // in the log's status; throws what ends the run.
  bool run();
  // The mailbox could be selected, and was visited in earnest.
  bool entered() const { return entered_; }

 private:
  // Eight bytes: there may be a million.
  struct Listed {
    Uid uid;
    std::uint32_t size;  // octets, 2^32-1 for more
  };

  bool select();
  bool recall();
  void adoptOrphans();
  bool list();
  void dropVanished(const UidSet& present);
  bool isForgotten(const store::OpenMessage& open, const answer::Message& message) const;
  void forget(const UidSet& uids);
  void skip();
  void settleDelivered();
  void deliver();
  void passOver();
  const PullAddressees::Recipients& recipients() { return pulling_.addressees.configured(mailbox_); }
  std::vector<std::string> remaining(const store::OpenMessage& message);
  bool isWanted(const store::OpenMessage& message);
  bool due(const store::OpenMessage& message) const;
  void defer(const UidSet& missing);
  const store::OpenMessage& putBack(Uid uid, const char* reply, std::int64_t (*wait)(std::uint32_t attempts));
  void noteHangup();

  void flag(const UidSet& recovered);
  void advance();
  void report(const PullLane& lane);

  About aboutRefused(Uid uid, const store::RecipientFate& fate) const;
  About about() const { return aboutMailbox(mailbox_); }
  void error(const std::string& text, ExitStatus status) { pulling_.log.error(about(), text, status); }
  store::MailboxId id() const { return recall_.id(); }

  PullContext& pulling_;
  const WireName& mailbox_;
  bool first_, entered_ = false;
  answer::Selected selected_;
  Recall recall_;
  PullLane::Open open_;
  std::vector<Listed> fresh_;                         // by UID
  UidSet passedOver_;                                 // new as well, and left alone: filter
  std::vector<std::pair<Uid, Identity>> identities_;  // of them, by UID; --no-delivery only
  bool looping_ = false;                              // what was delivered came back
  bool complete_ = true;                              // all that is new was listed, and is settled or open
};

}  // namespace interimap
