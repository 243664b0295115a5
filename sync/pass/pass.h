// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// One mailbox once through: collect on both servers, reconcile, apply, commit. Written as steps that send and
// steps that wait, so that the engine can take many mailboxes through each step together: what one of them
// sends is on its way while the others are looked at.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "store/store.h"
#include "sync/copying/lanes.h"
#include "sync/mailboxes/mailbox.h"
#include "sync/pass/adopt.h"
#include "sync/pass/changes.h"
#include "sync/pass/twin_search.h"
#include "sync/peers/server.h"
#include "sync/report/log.h"

namespace interimap {

// A mailbox to be looked at, and what there is to know from the pass before.
struct Due {
  const Mailbox* mailbox;
  Both<bool> sides{true, true};       // a side to which nothing was written since has no news for us
  bool again = false;                 // not the first pass of this run
  bool full = false;                  // compare every message, not only what changed
  bool afresh = false;                // pair every message anew: UIDs do not mean what they meant
  bool recovered = false;             // that was tried in this run
  unsigned doubts = 0;                // how often MESSAGES did not fit
  Both<answer::Selected> selected{};  // as of the last look at that side
  Both<std::shared_ptr<const Copies>> copies{};  // what the pass before has copied to that side
};

class Pass {
 public:
  Pass(const settings::Sync& settings, Both<Server*> servers, store::Store& store, Log& log, Due due);

  void ask();
  bool isListed() const;    // what was asked is answered
  bool isAnswered() const;  // what clarify() asked is answered
  // Waits for what was asked; asks what remains unclear: are the vanished ones really gone, which flags has
  // the other side, which messages do we owe, which of the new ones are copies of ours.
  void clarify();
  // Waits for that; reconciles. Stores flags; what is to be copied goes to the lanes.
  void begin(Both<Lanes*> lanes);  // lanes[side] copies *from* side
  // --dry-run, instead of begin() and all that follows: says what they would do.
  void preview();
  // Once everything is copied: looks whether the mailboxes in which something is to be expunged are still the
  // same.
  void verify();
  // Waits for that; expunges.
  void expunge();
  // Waits for the rest; writes down what was achieved, within the caller's transaction.
  void finish(const Both<Lanes*>& lanes);

  // After finish(): whether there has to be another pass. Something was written, and so there is news of our
  // own making; or a response could not be read, at the first try; or MESSAGES does not fit.
  const std::optional<Due>& next() const { return next_; }
  const Mailbox& mailbox() const { return mailbox_; }

 private:
  void fail(Side side, const std::string& text, ExitStatus status);
  void failOrTryAgain(Side side, bool again, const std::string& text, ExitStatus status);
  bool isFull() const {
    return !due_.afresh && (due_.full || (settings_.errand == settings::Errand::repair && !due_.again));
  }
  Access access(Side side) const;
  void makePlan();
  void withhold(Side side);
  void reportWithheld(Side side);
  void reportStrangers(Side side);
  void checkCopies(Side target);
  void distrust(Side target, const UidSet& pairs);
  void findLost();
  void reportUnreported();
  void reportUnmatched();
  void askWhetherGone(Side side);
  void askOtherFlags(Side side);
  void askIdentities(Side target);
  void askIdentities(Side side, const UidSet& uids, std::vector<answer::Message>& found);
  bool partnered(Side side, Uid uid) const;
  std::vector<store::Intent> intents(Side target) const;
  void askOwed(Side source);
  bool mayHaveTwins() const;
  void askTwins();
  bool findTwins();
  void touchTwins();
  void joinTwins();
  void reportTwins();
  std::vector<Uid> twinsOn(Side side) const;
  void leaveOut(Side side, const std::vector<Uid>& uids);
  bool recovers(const Both<std::optional<Changes::Trouble>>& troubles);
  bool isMeaningless(Side side) const;
  bool isRecognised();
  std::optional<Flags> baseAfresh(const Twins& twins) const;
  void startOver();
  bool mayTry(const store::RefusedMessage& message) const;
  bool answered();
  void resume();
  Contents askContents(Side source, const Ambiguous& doubtful);
  void adopt(Side target);
  void settleOwed(Side source);
  void forgetDeparted(Side side);
  std::vector<Touched> touched();
  void store(Side side, request::Store::Change change, const std::vector<FlagUpdate>& updates);
  void load(Both<Lanes*> lanes);
  void finishFlags();
  void limitExpunges(Side side);
  void finishExpunge(Side side);
  UidSet stillThere(Side side, const UidSet& uids);
  void recordWithheld(Side side);
  void decideNext(const Both<Lanes*>& lanes);
  std::string misfit() const;
  store::SideState reached(Side side, bool atStart) const;
  About at(Side side) const { return About::at(side, mailbox_.wire[side]); }

  const settings::Sync& settings_;
  Both<Server*> servers_;
  store::Store& store_;
  Log& log_;
  const Mailbox& mailbox_;
  Both<std::optional<store::SideState>> known_;
  Both<std::optional<Changes>> changes_;
  Due due_;
  std::optional<Due> next_;
  bool distrusted_ = false;             // it was held, so that neither side's UIDs mean anything
  bool failed_ = false, held_ = false;  // held_: something is left to do, so the state is not committed

  // What clarify() asked and begin() waits for.
  std::vector<std::pair<Side, Reply<Nothing>>> questions_;
  Both<UidSet> alive_;                             // said to be gone, and there all the same
  Both<std::map<Uid, Flags>> told_;                // flags on the side that had nothing to report
  Both<std::vector<answer::Message>> candidates_;  // new on that side, perhaps copies of ours
  Both<UidSet> refused_;                           // of messages that stay on that side alone
  Both<std::vector<answer::Message>> sources_;     // on that side, perhaps copied to the other
  std::unique_ptr<TwinSearch> twins_;              // for those that are on both sides, if there may be any
  Both<UidSet> departed_;                          // since they were asked what they look like
  Both<UidSet> owed_;                              // below the listing, to be copied from that side
  Both<UidSet> redo_;                              // --repair: their partner is lost, to be copied again

  std::vector<Touched> joined_;  // twins with different flags

  Plan plan_;
  Both<UidSet> denied_;  // new on that side, and not to be copied: the other may not be written to
  Both<UidSet> kept_;    // expunged on the other side, and not to be expunged on this one
  std::vector<std::pair<Side, Reply<Nothing>>> stores_;
  Both<std::map<Uid, Flags>> storedFlags_;
  Both<Reply<answer::Selected>> verified_;
  Both<std::optional<Reply<UidSet>>> expunges_;
};

}  // namespace interimap
