// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Collects the changes of one side of a mailbox without mod-sequences: the flags of every message are asked
// for, each time, which shows what is gone as well. Any server can do that.
//
// UID SEARCH by flag is not used, though with ESEARCH 10,000 messages would take 0.4 to 17 kB instead of 500,
// in as many round trips: a keyword that FLAGS does not name would be overlooked, and a search that is not
// exact (Exchange, Yahoo) be taken for changed flags. The servers that are known to be exact, with ESEARCH
// (Dovecot, Cyrus), have mod-sequences.
#pragma once

#include "sync/pass/collector.h"

namespace interimap {

class CollectEverything final : public Collector {
 public:
  explicit CollectEverything(const Context& context) : Collector(context) {}
  bool isTold() const override { return Collector::isTold() && (!flagsReply_ || flagsReply_->ready()); }

 private:
  Reply<answer::Selected> select() override;
  void askChanges() override;
  const answer::Done* changesDone() override { return flagsReply_ ? &flagsReply_->done() : nullptr; }
  void settle(const answer::Selected& selected) override { concludeListed(selected); }
  bool relatesModSeqs() const override { return false; }

  std::optional<Reply<Nothing>> flagsReply_;
};

}  // namespace interimap
