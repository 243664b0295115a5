// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Knows what the users did, and so what the engine may do and what must be true once all is quiet. Throws
// Broken where it is not.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/model/account.h"

namespace interimap::model {

struct Broken : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Witness {
 public:
  explicit Witness(Both<Account>& accounts) : accounts_(accounts) {}

  // What users did. A message is new; one is gone; one has other flags.
  void appended(Side side, const std::string& mailbox, std::uint32_t serial, std::uint32_t looks,
                FlagBits flags);
  // One that had been `former` is `serial` in this mailbox, where it is, too.
  void moved(std::uint32_t former, const std::string& mailbox, std::uint32_t serial);
  void expunged(Side side, const std::string& mailbox, std::uint32_t serial, bool isKnownToAll = false);
  void flagged(Side side, const std::string& mailbox, std::uint32_t serial, FlagBits set, FlagBits cleared);
  void subscribed(const std::string& mailbox, bool subscribed);
  // This mailbox is another one now, or none: nothing is known of it any more.
  void upset(const std::string& mailbox);
  // The engine takes a mailbox afresh: what either side has now is to be on both in the end, once.
  void takenAfresh(const std::string& mailbox);
  // Nor is it of one that a user renamed, and what is below it, until the engine follows. It need not, if it
  // is in doubt.
  bool isUpset(const std::string& mailbox) const;
  void renamed(const std::string& mailbox) { renamed_.insert(mailbox); }
  // Somebody may have to say what became of one of those.
  bool isAnyRenamed() const;
  // What a user has expunged on one side before he gave its mailbox another name may yet be expunged on the
  // other.
  void goesAlong(const std::string& former, const std::string& mailbox);
  // The UIDs of such a one lose their meaning before the engine has followed: there is nothing left to follow
  // by, should there be another one of its name.
  void renumbered(const std::string& mailbox) {
    if (renamed_.contains(mailbox)) doubtful_.insert(mailbox);
  }
  // A message was taken away, and the same one put there again: without what both sides had in common, as far
  // as the engine knows, and beside a copy of the first that it may have made meanwhile.
  void putBack(const std::string& mailbox, std::uint32_t serial) {
    Kin& it = kin(mailbox, serial);
    it.flagsForgotten = it.putBack = true;
  }
  const std::set<std::string>& upsetMailboxes() const { return upset_; }
  // A run did not go through as planned, or users were there during it.
  void disturbed() { disturbed_ = true; }
  // The engine may have lost with which flags it copied what came since all was quiet: where the sides
  // differ, both get what either has.
  void powerFailed();

  // Only what messages look like is to be known; what the engine does is somebody else's to judge.
  void lookOn() { onlooker_ = true; }
  // Where whoever first had a message deletes it, it is not to be seen there again, whatever was killed.
  void beStrict() { strict_ = true; }
  // Several installations: one that does not know a message yet may take for new what a user has deleted, and
  // may copy at the same time as another. In the end there is one, whatever happened: what came late, too.
  // Only if the power failed, nobody knows any more that one of two was sent by mistake, while the other has
  // been copied by somebody else: then there may be two on both sides.
  void beSeveral() { several_ = disturbed_ = true; }
  // What users want to be carried over, from now on. `calm`: nobody interferes with a run, and none is
  // killed, so that the engine knows all that there is to know; `one`: and they want the same all the time.
  void bePolicied(bool calm, bool one) { policied_ = disturbed_ = true, calm_ = calm, onePolicy_ = one; }
  void want(const std::vector<settings::OfMailbox>* policy) { policy_ = policy; }
  enum class Write : std::uint8_t { any, flags, expunge, create };
  // The engine writes to that side, which the policy may forbid.
  void writes(Side side, const std::string& mailbox, Write what = Write::any) const;
  // All is quiet: what the policy lets be equal is, and nothing else has happened.
  void settled() const;
  // Another one runs at the same time as the one at hand.
  void overlap() { overlap_ = true; }

  std::uint32_t kind(std::uint32_t serial) const { return looks_.at(serial); }
  Looks looks(std::uint32_t serial) const { return Looks::of(kind(serial)); }

  // What the engine does to a server, checked as it is done.
  void copies(Side target, const std::string& mailbox, std::uint32_t serial);
  // What its body says, as far as it can be told from others: the same for what was moved or copied, if that
  // is what the history is about.
  std::uint32_t content(std::uint32_t serial) const {
    auto first = filed_ ? firsts_.find(serial) : firsts_.end();
    return first == firsts_.end() ? serial : first->second;
  }
  void beFiled() { filed_ = true; }
  // Such a message has been in this mailbox: which of two would be whose copy is not to be told.
  bool hasBeenIn(const std::string& mailbox, std::uint32_t serial) const;
  // Which message it is that a server copies to this mailbox, where a user of the other one has put it.
  std::uint32_t carries(Side target, const std::string& mailbox, const HeldMessage& origin);
  void stores(Side side, const std::string& mailbox, std::uint32_t serial, FlagBits set, FlagBits cleared);
  void expunges(Side side, const std::string& mailbox, std::uint32_t serial);
  // Somebody marked it \Deleted just before an EXPUNGE that names nothing: it is to come back, unless the run
  // does not get that far.
  void takenAlong(Side side, const std::string& mailbox, std::uint32_t serial);
  void endRun(bool finished);
  // The engine gave this mailbox the name that it got on the other side; or it goes along with one above it.
  void follows(Side side, const std::string& former, const std::string& mailbox, bool goesAlong);
  void beginRun() {
    lateNow_.clear();
    overlap_ = false;
  }
  // A server does not do it.
  void cannotExpunge() { expungeFailed_ = true; }
  // What is there beside its like, as the engine knows: it came late, or could not be expunged, and stays
  // where it is.
  using IsSurplus = std::function<bool(Side, const std::string& mailbox, std::uint32_t uid)>;
  void know(IsSurplus isSurplus) { isSurplus_ = std::move(isSurplus); }
  // False while what a killed run has sent reaches its server: nobody is to blame for where.
  void blame(bool engine) { blameless_ = !engine; }
  void forbidNothing() { forbidden_.clear(); }
  void forbid(const std::string& mailbox) { forbidden_.insert(mailbox); }  // any write of the engine to it
  void touches(Side side, const std::string& mailbox) const;

  // Empty if both sides are equal, but for mailboxes that are upset; else where they are not.
  std::string difference() const;
  bool readOnly() const;  // one of the accounts
  // All is quiet: both sides are equal and as the users want it. From now on this is what they start from.
  void converged();

 private:
  struct Change {
    unsigned times[6] = {};  // that a user changed the flag
    FlagBits last = 0;       // what he made of it
  };
  // Messages of a mailbox that look the same. Since all was quiet:
  struct Kin {
    unsigned total = 0;             // that there were, and that users appended
    bool old = false;               // there were some
    bool dead = false;              // one was expunged by a user
    bool flagsForgotten = false;    // by the engine
    Both<bool> copiedTo;            // by the engine
    bool deletedForgotten = false;  // whether it is \Deleted
    bool putBack = false;           // taken away by a user, and put there again
    bool perhapsDead = false;       // ... when the engine cannot have known yet that it had copied it
    Both<unsigned> userExpunges, engineExpunges;
    Both<unsigned> earlierExpunges;       // by users, before the mailbox was taken afresh
    Both<FlagBits> everSet, everCleared;  // by users
    Side origin = Side::local;
    FlagBits start = 0;  // flags at that time, or with which it came
    Both<Change> changes;
  };
  using Key = std::pair<std::string, std::uint32_t>;  // mailbox, looks

  Kin& kin(const std::string& mailbox, std::uint32_t serial) { return kin_[{mailbox, looks_.at(serial)}]; }
  void checkMirror(const Key& key, const Kin& kin) const;
  void checkCount(const Key& key, const Kin& kin) const;
  void checkFlags(const Key& key, const Kin& kin) const;
  void checkSubscriptions() const;
  void startAnew();
  Side mirror() const;  // of the two the one that is not
  bool isOnBoth(const std::string& mailbox) const;
  bool isSurplus(Side side, const std::string& mailbox, const HeldMessage& message) const;
  bool hasSurplus(const Key& key) const;
  const settings::OfMailbox& rule(const std::string& mailbox) const;
  bool lets(Side side, const std::string& mailbox, Write what) const;
  bool isOutside(const Key& key, Side target) const;
  std::vector<FlagBits> flagsOf(Side side, const Key& key, FlagBits mask) const;

  Both<Account>& accounts_;
  std::map<std::uint32_t, std::uint32_t> looks_;
  std::map<std::uint32_t, std::uint32_t> firsts_;  // of what was moved: which it was at first
  std::map<std::pair<std::string, std::uint32_t>, std::vector<std::uint32_t>> put_;  // there, by that
  std::map<Key, Kin> kin_;
  struct Subscription {
    unsigned times = 0;
    bool last = false;
  };
  std::map<std::string, Subscription> subscriptions_;  // changes by users
  std::set<std::string> quietMailboxes_;               // were there when all was quiet
  std::map<std::pair<Side, std::uint32_t>, unsigned>
      late_;                         // arrivals of what killed runs had sent, by serial
  std::set<std::uint32_t> lateNow_;  // in this run
  std::set<Key> takenNow_;           // along, in this run
  IsSurplus isSurplus_;
  std::set<std::string> upset_, forbidden_, renamed_, doubtful_;
  const std::vector<settings::OfMailbox>* policy_ = nullptr;
  bool filed_ = false, policied_ = false, calm_ = false, onePolicy_ = false;
  bool disturbed_ = false, blameless_ = false, strict_ = false, several_ = false, overlap_ = false,
       onlooker_ = false,
       recordLost_ = false,    // with the power, since all was quiet
      expungeFailed_ = false;  // since then
};

}  // namespace interimap::model
