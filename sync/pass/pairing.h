// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Messages that both sides have already are paired, not copied. In a mailbox whose UIDs lost their meaning
// that is done with all of them.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "sync/pass/changes.h"
#include "sync/pass/reconcile.h"
#include "sync/pass/twin_search.h"
#include "sync/pass/work.h"

namespace interimap {

class Pairing {
 public:
  // Both outlive this.
  Pairing(Work& work, BothChanges& changes) : work_(work), changes_(changes) {}
  Pairing(const Pairing&) = delete;

  // Sends. To be waited for before this goes away.
  void ask();
  void wait();
  bool isAsked() const { return search_ != nullptr; }
  // After ask(). False if they cannot be told, or if most would be doubled: the pass is over. `departed`:
  // have gone meanwhile.
  bool find(const Both<UidSet>& departed);
  // Where UIDs lost their meaning: whether enough of the messages that were known have been found again to
  // take it for the same mailbox. If not, the pass is over.
  bool isRecognised();

  // What was found are pairs from now on, and nothing to be copied, within the caller's transaction. Returns
  // those whose flags differ: they are merged like all pairs.
  std::vector<Touched> join();
  // The pairs that there were, and all that hangs on them, give way to the new ones, in one transaction.
  std::vector<Touched> startOver();
  // Of what startOver() left to be copied: those of the same content as one that it has paired.
  const Both<UidSet>& doubles() const { return doubles_; }
  // What is left on one side and may be what the other side hangs up at is not copied before that can be
  // asked for.
  void letWait();
  // --dry-run: says so, instead.
  std::vector<Touched> preview();

 private:
  bool isFirst() const;
  bool wouldDouble();
  bool isMeaningless(Side side) const;
  bool isPartnered(Side side, Uid uid) const;
  std::optional<Flags> baseAfresh(const Twins& twins, const Both<UidSet>& notSeen) const;
  std::vector<Touched> touched() const;
  void map(const std::vector<Touched>& different);
  std::vector<Uid> foundOn(Side side) const;
  void leaveOut(Side side, const std::vector<Uid>& uids);
  void report();

  Work& work_;
  BothChanges& changes_;
  std::unique_ptr<TwinSearch> search_;
  Both<UidSet> doubles_;
};

}  // namespace interimap
