// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Does what is left of the plan, and writes down what was achieved.
#pragma once

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "sync/copying/lanes.h"
#include "sync/pass/changes.h"
#include "sync/pass/restraint.h"
#include "sync/pass/work.h"

namespace interimap {

class Application {
 public:
  // `work` outlives this. `denied`: new on that side, and not to be copied, as the other may not be written
  // to.
  Application(Work& work, Restrained todo, Both<UidSet> denied)
      : work_(work), todo_(std::move(todo)), denied_(std::move(denied)) {}
  Application(const Application&) = delete;

  // Sends flags; hands what is fresh to the lanes, of which lanes[side] copies from side.
  void begin(const Both<Lanes*>& lanes, BothChanges& changes);
  // Once everything is copied, in three flights over all mailboxes, each of which waits for the one before:
  // looks whether the mailboxes in which something is to be expunged are still the same; marks it \Deleted;
  // expunges. mark() takes the mailboxes in the order opposite to verify(): the last one is still selected.
  void verify();
  void mark();
  void expunge();
  // Waits for that. Where UID EXPUNGE was refused though it is offered: as on a server without it.
  void expungeRefused();
  // Waits for the rest; writes down what was achieved, within the caller's transaction. False: something is
  // left to be done, so that the state of the mailbox is not what it was at the start of this pass.
  bool finish();

  const Plan& plan() const { return todo_.plan; }
  // After finish(). `owed`: something of that side is to be copied again.
  const Both<std::uint64_t>& expunged() const { return expunged_; }
  const Both<bool>& owed() const { return owed_; }

 private:
  struct Removal {
    UidSet uids;
    Reply<answer::Selected> selected;  // the SELECT before the last command
    std::optional<Reply<UidSet>> marked, expunged;
    std::optional<Reply<Nothing>> unmarked;
    UidSet takenAlong{};  // what is not ours, and went with it
  };
  void store(Side side, request::Store::Change change, const std::vector<FlagUpdate>& updates);
  bool hungUpAtAppend(Side target) const;
  std::vector<store::Named> ofNew(Side source, const std::vector<store::Named>& names) const;
  void load(const Both<Lanes*>& lanes, BothChanges& changes);
  void finishFlags();
  void finishStores();
  bool finishFlags(Side side, const Plan::Agreed& agreed, Flags& base);
  UidSet toExpunge(Side side) const;
  bool isSame(Side side, Reply<answer::Selected>& selected) const;
  bool isRefused(Removal& removal) const;
  void expungeAlone(Side side);
  void leaveUnexpunged(Side side);
  void finishExpunge(Side side);
  void copyBack(Side side, const UidSet& taken);
  void finishSurplus(Side side, const UidSet& gone);
  UidSet stillThere(Side side, const UidSet& uids);
  void recordWithheld(Side side);
  void leave(Side side, const std::string& text);  // to be done at another time

  Work& work_;
  Restrained todo_;
  Both<UidSet> denied_;
  bool left_ = false;
  Both<std::uint64_t> expunged_;
  Both<bool> owed_{};
  struct Stored {
    Side side;
    Flags flags;
    UidSet uids, shown;  // shown: of which the server told the flags
    Reply<Nothing> reply;
  };
  std::vector<Stored> stores_;
  Both<std::map<Uid, Flags>> storedFlags_;
  Both<std::map<std::string, UidSet>> refused_, silent_;            // keywords, for good; not answered
  Both<std::map<std::string, UidSet>> updated_, undone_, dropped_;  // by flags, for the log
  Both<std::optional<Removal>> removals_;
};

}  // namespace interimap
