// One mailbox once through: collect on both servers, reconcile, apply, commit. Written as steps that send and
// steps that wait, so that the engine can take many mailboxes through each step together: what one of them
// sends is on its way while the others are looked at.
#pragma once

#include <optional>
#include <vector>

#include "store/store.h"
#include "sync/changes.h"
#include "sync/lane.h"
#include "sync/log.h"
#include "sync/mailbox.h"
#include "sync/server.h"
#include "sync/twins.h"

namespace interimap {

// A mailbox to be looked at, and what there is to know from the pass before.
struct Due {
  const Mailbox* mailbox;
  Both<bool> sides{true, true};       // a side to which nothing was written since has no news for us
  bool again = false;                 // not the first pass of this run
  bool full = false;                  // compare every message, not only what changed
  unsigned doubts = 0;                // how often MESSAGES did not fit
  Both<answer::Selected> selected{};  // as of the last look at that side
};

class Pass {
 public:
  Pass(const settings::Sync& settings, Both<Server*> servers, store::Store& store, Log& log, Due due);

  void ask();
  // Waits for what was asked; asks what remains unclear: are the vanished ones really gone, which flags has
  // the other side, which messages do we owe, which of the new ones are copies of ours.
  void clarify();
  // Waits for that; reconciles. Stores flags; what is to be copied goes to the lanes.
  void begin(Both<Lane*> lanes);  // lanes[side] copies *from* side
  // --dry-run, instead of begin() and all that follows: says what they would do.
  void preview();
  // Once everything is copied: looks whether the mailboxes in which something is to be expunged are still the
  // same.
  void verify();
  // Waits for that; expunges.
  void expunge();
  // Waits for the rest; writes down what was achieved, within the caller's transaction.
  void finish(const Both<Lane*>& lanes);

  // After finish(): whether there has to be another pass. Something was written, and so there is news of our
  // own making; or a response could not be read, at the first try; or MESSAGES does not fit.
  const std::optional<Due>& next() const { return next_; }
  const Mailbox& mailbox() const { return mailbox_; }

 private:
  void fail(Side side, const std::string& text, ExitStatus status);
  void failOrTryAgain(Side side, bool again, const std::string& text, ExitStatus status);
  bool isFull() const { return due_.full || (settings_.errand == settings::Errand::repair && !due_.again); }
  Access access(Side side) const;
  void makePlan();
  void withhold(Side side);
  void reportWithheld(Side side);
  void reportStrangers(Side side);
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
  void joinTwins();
  bool mayTry(const store::RefusedMessage& message) const;
  bool answered();
  void resume();
  void adopt(Side target);
  void settleOwed(Side source);
  void forgetDeparted(Side side);
  std::vector<Touched> touched();
  void store(Side side, request::Store::Change change, const std::vector<FlagUpdate>& updates);
  void load(Both<Lane*> lanes);
  void finishFlags();
  void limitExpunges(Side side);
  void finishExpunge(Side side);
  UidSet stillThere(Side side, const UidSet& uids);
  void recordWithheld(Side side);
  void decideNext(const Both<Lane*>& lanes);
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
  bool failed_ = false, held_ = false;  // held_: something is left to do, so the state is not committed

  // What clarify() asked and begin() waits for.
  std::vector<std::pair<Side, Reply<Nothing>>> questions_;
  Both<UidSet> alive_;                             // said to be gone, and there all the same
  Both<std::map<Uid, Flags>> told_;                // flags on the side that had nothing to report
  Both<std::vector<answer::Message>> candidates_;  // new on that side, perhaps copies of ours
  Both<UidSet> refused_;                           // of messages that stay on that side alone
  Both<std::vector<answer::Message>> sources_;     // on that side, perhaps copied to the other
  Both<std::vector<Lookalike>> lookalikes_;        // on that side, perhaps on the other, too
  Both<UidSet> owed_;                              // below the listing, to be copied from that side
  Both<UidSet> redo_;                              // --repair: their partner is lost, to be copied again

  Plan plan_;
  Both<UidSet> denied_;  // new on that side, and not to be copied: the other may not be written to
  Both<UidSet> kept_;    // expunged on the other side, and not to be expunged on this one
  std::vector<std::pair<Side, Reply<Nothing>>> stores_;
  Both<std::map<Uid, Flags>> storedFlags_;
  Both<Reply<answer::Selected>> verified_;
  Both<std::optional<Reply<UidSet>>> expunges_;
};

}  // namespace interimap
