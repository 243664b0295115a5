// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Collects the changes of one side of a mailbox without mod-sequences: the flags of every message are asked
// for, each time, which shows what is gone as well. Any server can do that.
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
