// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Brings the database to where an interrupted run left the servers, within the caller's transaction.
#pragma once

#include "sync/pass/questions.h"

namespace interimap {

class Resumption {
 public:
  // All of them outlive this. What is settled is taken from the changes; flags that had to be asked for are
  // added to the answers.
  Resumption(Work& work, BothChanges& changes, Answers& answers)
      : work_(work), changes_(changes), answers_(answers) {}

  // Waits, where there were copies. False: the pass is over, and the transaction is to be rolled back.
  bool run();
  // Messages that have gone since they were asked what they look like.
  const Both<UidSet>& departed() const { return departed_; }

 private:
  std::vector<store::Intent> intents(Side target) const;
  bool adopt(Side target);
  bool askFlags(Side side, const UidSet& asked, UidSet& seen);
  void settleOwed(Side source);
  void forgetDeparted(Side side);

  Work& work_;
  BothChanges& changes_;
  Answers& answers_;
  Both<UidSet> departed_;
};

}  // namespace interimap
