// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What is known of a mailbox, brought in line with what the server says of it: the first half of a visit.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sync/pull/pull_context.h"
#include "sync/pull/pull_recovery.h"

namespace interimap {

// Whether a Fetch told all there is.
inline bool whole(const answer::Done& done) { return done.ok() && done.code != answer::kUnreadable; }

class Recall {
 public:
  // Both outlive this.
  Recall(PullContext& pulling, const WireName& mailbox) : pulling_(pulling), mailbox_(mailbox) {}

  // Sends, behind SELECT.
  void askNewest();
  void wait();
  // The mailbox is known from now on.
  void begin(const answer::Selected& selected);
  // What was known of it has the UIDs that it has now. False: that cannot be done, which was said.
  bool settle();

  // After begin().
  const store::PulledMailbox& known() const { return *known_; }
  store::MailboxId id() const { return known_->id; }

  // The identities of what was settled by the reference, for the day when UIDs lose their meaning.
  void catalogue();
  // Messages that others have removed from the server need not be remembered.
  void tidy();

 private:
  bool newestAreSame();
  bool recover();
  bool retreat();
  std::optional<Uid> newestSame(std::span<const FoundMessage> found);
  std::optional<std::vector<FoundMessage>> identities(const UidSet& uids);
  bool addContents(const UidSet& uids, std::vector<FoundMessage>& found);  // by UID
  void fail(const std::string& text, ExitStatus status) {
    pulling_.log.error(aboutMailbox(mailbox_), text, status);
  }

  PullContext& pulling_;
  const WireName& mailbox_;
  answer::Selected selected_;
  std::optional<store::PulledMailbox> known_;
  std::map<Uid, KnownMessage> newest_;     // known messages, asked for with SELECT
  std::vector<FoundMessage> newestFound_;  // what the server has there
  std::vector<Reply<Nothing>> newestReplies_;
};

}  // namespace interimap
