// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Collects the changes of one side of a mailbox by mod-sequences alone (CONDSTORE, RFC 7162): UID FETCH tells
// what flags changed. Nobody says what was expunged; if the number of messages is what it was, and what is
// new beside, nothing was: only a new UID could make up for a lost one.
#pragma once

#include "sync/pass/collector.h"

namespace interimap {

class CollectCondstore final : public Collector {
 public:
  explicit CollectCondstore(const Context& context) : Collector(context) {}
  bool isTold() const override { return Collector::isTold() && (!flagsReply_ || flagsReply_->ready()); }

 private:
  Reply<answer::Selected> select() override;
  void askChanges() override;
  const answer::Done* changesDone() override { return flagsReply_ ? &flagsReply_->done() : nullptr; }
  void settle(const answer::Selected& selected) override;

  std::optional<Reply<Nothing>> flagsReply_;
};

}  // namespace interimap
