// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Brings the database to where an interrupted run left the servers, within the caller's transaction.
#pragma once

#include <map>
#include <vector>

#include "sync/pass/adopt.h"
#include "sync/pass/questions.h"

namespace interimap {

class Resumption {
 public:
  // All of them outlive this. What is settled is taken from the changes; flags that had to be asked for are
  // added to the answers.
  Resumption(Work& work, BothChanges& changes, Answers& answers)
      : work_(work), changes_(changes), answers_(answers) {}

  // Whatever may have been sent and was not answered may arrive at any time from now on. Within the caller's
  // transaction. By itself where UIDs are about to lose their meaning.
  void disown();
  // Waits, where there were copies. False: the pass is over, and the transaction is to be rolled back.
  // `doubles`: where every message was paired anew, those that may be late copies (Pairing).
  bool run(const Both<UidSet>& doubles);
  // Messages that have gone since they were asked what they look like.
  const Both<UidSet>& departed() const { return departed_; }

 private:
  std::vector<Sent> sent(Side target) const;
  bool look(Side target, const std::vector<Sent>& sent);
  bool ask(const Both<UidSet>& uids, request::Fetch::Items items);
  bool describe(Side source, const std::vector<Sent>& sent, const std::vector<Arrived>& arrived);
  bool askFor(const Both<UidSet>& doubles);
  bool recognise(Side target);
  void expectEcho(Side source, Uid uid);
  bool isGoneFrom(Side side, Uid uid) const;
  bool gaveOut(Side target, const UidSet& unseen) const;
  void leaveUnseen(Side target, const std::vector<Sent>& sent, const std::vector<Arrived>& arrived);
  void report(Side target, const UidSet& sources, const UidSet& copies);
  void pair(Side target, const Sent& sent, Uid copy);
  bool mayGiveWay(Side target, const answer::Message& copy, const Sent& sent,
                  const answer::Message& another) const;
  void replace(Side target, const Sent& sent, Uid known, Uid copy);
  void settleOwed(Side source);
  void forgetDeparted(Side side);

  Work& work_;
  BothChanges& changes_;
  Answers& answers_;
  Both<std::map<Uid, answer::Message>> seen_;  // by look()
  Both<UidSet> departed_;
  Both<UidSet> left_;    // late copies that stay on that side alone
  Both<UidSet> unseen_;  // messages of that side whose copies the other one has taken, and does not show
};

}  // namespace interimap
