// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Mailboxes, subscriptions and counters: in one command where the server has LIST-EXTENDED and LIST-STATUS
// (RFC 5258, RFC 5819), else by LIST and LSUB, and a STATUS for each mailbox (RFC 3501).
#pragma once

#include <set>

#include "net/exchange/exchange.h"

namespace interimap {

class List final : public Exchange {
 public:
  // `capabilities` outlives this, and is known by the time the login is done. Until then the server is taken
  // for one that has it all; if it has not, it is asked again.
  List(request::List request, const Capabilities& capabilities)
      : request_(std::move(request)), capabilities_(capabilities) {}
  std::vector<Command> commands(const ExtensionSet&) override;
  bool hasMore() const override;
  std::vector<Command> more(const ExtensionSet&) override;
  bool take(Untagged& untagged, Answers& answers) override;
  void completed(std::size_t index, const StatusResponse& status) override;
  void finish(Answers& answers) override;
  // A list with a hole must not be taken for a complete one; what is not subscribed is not guessed.
  void missed(std::string_view kind, std::optional<Uid>) override;

 private:
  // How it is asked.
  struct Form {
    bool extended = true, specialUse = true, status = true, modSeqs = true, limits = false;
    bool operator==(const Form&) const = default;
  };
  Form form() const;
  bool delimiterOnly() const { return request_.patterns.size() == 1 && request_.patterns.front().empty(); }
  bool answered() const;
  bool asksForStatus() const { return request_.returnStatus && !form_.status && !delimiterOnly(); }
  bool streams() const { return !blind_ && form_.extended && !asksForStatus(); }
  std::string statusItems() const;

  std::vector<Command> listing();
  std::vector<Command> extended() const;
  std::vector<Command> plain() const;
  std::vector<Command> counting();
  bool refuses();
  void settle();
  void count();
  bool isAskedForSubscribed() const;
  void fail(const std::string& text);
  void pass(answer::ListEntry entry, Answers& answers);
  void pass(answer::StatusEntry entry, Answers& answers);
  void passHeld(Answers& answers);
  void flushListed(Answers& answers);
  void flushStatuses(Answers& answers);

  request::List request_;
  const Capabilities& capabilities_;
  Form form_;
  bool failed_ = false;
  bool blind_ = false;                           // asked before it was known what the server has
  std::size_t outstanding_ = 0;                  // commands of the listing
  std::size_t asked_ = 0;                        // of held_: their STATUS is asked for
  std::vector<answer::ListEntry> held_;          // unless all that belongs to them comes with them
  std::vector<answer::StatusEntry> heldStatus_;  // likewise
  std::set<std::string> subscribed_;             // LSUB
  std::string whyUnknown_;                       // it was refused
  answer::Listed listed_;
  answer::Statuses statuses_;
  std::size_t listedBytes_ = 0, statusBytes_ = 0;
  std::size_t responses_ = 0;
};

}  // namespace interimap
