// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// One mailbox once through: collect on both servers, reconcile, apply, commit. Written as steps that send and
// steps that wait, so that the engine can take many mailboxes through each step together: what one of them
// sends is on its way while the others are looked at.
//
// This is the order of the stages, each of which has a file of its own: collector, troubles, copy_check,
// repair, questions, pairing, resumption, surplus, decision (touched, reconcile, restraint), application,
// outcome.
#pragma once

#include <memory>
#include <optional>

#include "sync/copying/lanes.h"
#include "sync/pass/application.h"
#include "sync/pass/changes.h"
#include "sync/pass/collector.h"
#include "sync/pass/pairing.h"
#include "sync/pass/questions.h"
#include "sync/pass/work.h"

namespace interimap {

class Pass {
 public:
  Pass(const settings::Sync& settings, Both<Server*> servers, store::Store& store, Log& log, Due due);

  void ask();
  bool isListed() const;    // what was asked is answered
  bool isAnswered() const;  // what clarify() asked is answered
  // Waits for what was asked; asks what remains unclear.
  void clarify();
  // Waits for that; reconciles. Stores flags; what is to be copied goes to the lanes.
  void begin(Both<Lanes*> lanes);  // lanes[side] copies *from* side
  // --dry-run, instead of begin() and all that follows: says what they would do.
  void preview();
  // Once everything is copied: see Application.
  void verify();
  void mark();
  void expunge();
  void expungeRefused();
  // Waits for the rest; writes down what was achieved, within the caller's transaction.
  void finish(const Both<Lanes*>& lanes);

  // After finish(): whether there has to be another pass. Something was written, and so there is news of our
  // own making; or a response could not be read, at the first try; or MESSAGES does not fit.
  const std::optional<Due>& next() const { return work_.next; }
  const Mailbox& mailbox() const { return work_.mailbox; }

 private:
  bool collect();
  bool settle();
  void disown();
  bool resume();
  bool leaveSurplus();

  Work work_;
  Both<std::unique_ptr<Collector>> collectors_;
  BothChanges changes_;
  Both<UidSet> redo_;  // --repair: their partner is lost, to be copied again from that side
  Questions questions_{work_, changes_};
  Pairing pairing_{work_, changes_};
  std::vector<Touched> joined_;  // twins with different flags
  bool leftApart_ = false;       // changes that are to be told again
  std::optional<Application> application_;
};

}  // namespace interimap
