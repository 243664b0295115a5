// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Copies that somebody else has made of what was copied here a short while ago.
//
// Two installations, or the pairs of a ring, may see one new message at the same time, and each appends it.
// Neither knows of the other's copy before it lists the target again. Copied back, it would travel for ever.
// So a new message of the same content as a recent copy of ours is not new. Which of the two stays is for
// those who made them, without a word between them: the one with the lower UID. Whoever made the other one
// expunges it, if it is as it was made, and takes the first for its own. Nobody expunges what somebody else
// made; so one stays, whoever comes when.
//
// Likewise a second copy that came late to the other side, and goes from there (resumption.h): somebody who
// has seen it copies it on, beside the original, and takes his copy away once he sees that it has gone.
#pragma once

#include <vector>

#include "sync/pass/changes.h"
#include "sync/pass/reconcile.h"
#include "sync/pass/work.h"

namespace interimap {

class Surplus {
 public:
  // Both outlive this.
  Surplus(Work& work, BothChanges& changes) : work_(work), changes_(changes) {}

  // What is new on `side`, as far as it has no partner by now, held against the recent copies there. Asks and
  // waits, hardly ever: only where sizes coincide. What is surplus is not fresh any more. Copies of ours that
  // are are written down as such (Refusal::kept), to be expunged by this pass. Returns pairs whose flags may
  // differ. What cannot be compared is left for the next pass: then this one is over.
  std::vector<Touched> find(Side side);

 private:
  struct Echo {
    Uid copy, another;  // ours, and of the same content
    Flags flags, othersFlags;
  };
  bool compare(Side side, std::vector<Echo>& echoes);
  void giveWay(Side side, const Echo& echo, const store::Pair& pair, std::vector<Touched>& out);
  void takeOver(Side side);

  Work& work_;
  BothChanges& changes_;
};

}  // namespace interimap
