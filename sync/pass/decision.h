// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What this pass is to do, from what both sides said; what of that is left undone, and what the user is told.
#pragma once

#include <string>
#include <vector>

#include "sync/pass/changes.h"
#include "sync/pass/questions.h"
#include "sync/pass/reconcile.h"
#include "sync/pass/restraint.h"
#include "sync/pass/work.h"

namespace interimap {

// Messages that the policy leaves on the side where they are, and why.
struct Outside {
  Side source = Side::local;
  std::string why;
  UidSet uids;
};

struct Decision {
  Restrained todo;
  Both<UidSet> denied = {};  // new on that side, and not to be copied, as the other may not be written to
  std::vector<Outside> outside = {};
  Both<UidSet> inside = {};  // that were left out before, and are to be copied from that side
  bool leftApart = false;    // some changes are left out (Apart), and are to be told again
};

// `touched`: pairs to be merged besides those that the changes touch. What is not to be copied is taken from
// the changes.
Decision decide(Work& work, BothChanges& changes, const Answers& answers, std::vector<Touched> touched);

// Not of a dry run: writes down what is held back until the next look, and says so. `recognised`: local UIDs
// of messages that have just been paired, which have no flags in common yet.
void announce(Work& work, const BothChanges& changes, const Decision& decision, const UidSet& recognised);

}  // namespace interimap
