// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What the changes leave open is asked: are the vanished ones really gone, which flags has the other side,
// which messages do we owe, which of the new ones may be copies of ours.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "sync/pass/changes.h"
#include "sync/pass/work.h"

namespace interimap {

struct Answers {
  Both<UidSet> alive;                             // said to be gone, and there all the same
  Both<std::map<Uid, Flags>> told;                // flags on the side that had nothing to report
  Both<std::vector<answer::Message>> candidates;  // new on that side, perhaps copies of ours
  Both<std::vector<answer::Message>> sources;     // on that side, perhaps copied to the other
  Both<UidSet> owed;                              // asked for: below the listing, to be copied from that side
  Both<UidSet> old;                               // on that side, and came in before max-age
};

class Questions {
 public:
  // Both outlive this.
  Questions(Work& work, BothChanges& changes) : work_(work), changes_(changes) {}
  Questions(const Questions&) = delete;

  // Sends. `redo`: messages of that side to be copied again, whatever else.
  void ask(Side side, const UidSet& redo);
  bool isAnswered() const;
  // Waits; brings the changes up to date: what is alive is not gone, what is owed is fresh. False if that
  // cannot be: the pass is over.
  bool settle();

  Answers answers;

 private:
  void whichAreThere(Side side);
  void whetherGone(Side side);
  void otherFlags(Side side);
  void whichAreOurs(Side target);
  void whatWasSent(Side target);
  void identities(Side side, const UidSet& uids, std::vector<answer::Message>& found);
  void owed(Side source, const UidSet& redo);
  void whichAreOld(Side side);
  void recentCopies(Side side);
  void partnerless(Side side);

  Work& work_;
  BothChanges& changes_;
  std::vector<std::pair<Side, Reply<Nothing>>> outstanding_;
  Both<std::optional<Reply<UidSet>>> searches_, oldSearches_;
  Both<UidSet> present_;
  Both<std::map<Uid, Flags>> aliveWith_;
  Both<std::vector<Fresh>> toCopy_, copied_, partnerless_;
};

// Whether this pass may try to copy a message that stayed on its side. Refused ones are tried once a run;
// empty ones, and those above our own limit, never.
bool mayTry(const Work& work, const store::RefusedMessage& message);

}  // namespace interimap
