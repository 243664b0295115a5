// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A mailbox that got another name on one server gets it on the other, too, and in the database: nothing has
// to be copied. Where each side gave it another one, the local name counts, unless nothing may be written to
// the remote server.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "store/store.h"
#include "sync/mailboxes/lists.h"
#include "sync/mailboxes/mailbox_set.h"
#include "sync/mailboxes/renaming.h"
#include "sync/mailboxes/undertakings.h"
#include "sync/peers/server.h"
#include "sync/report/log.h"

namespace interimap {

class RenamingFollower {
 public:
  RenamingFollower(Both<Server*> servers, store::Store& store, Log& log, Lists& lists, MailboxSet& mailboxes)
      : servers_(servers),
        store_(store),
        log_(log),
        lists_(lists),
        mailboxes_(mailboxes),
        undertakings_(servers, store, log, lists) {}

  // Finishes what an earlier run was interrupted at, if anything; lists anew after that.
  void resume();
  // What is not sure to be a renaming is reported and set aside.
  void follow();
  // Says what follow() would do; those mailboxes are set aside.
  void preview();

 private:
  enum class Verdict { same, another, unknown };
  // Messages that both had in common, under the new name and the old one.
  struct Comparison {
    std::vector<store::Pair> pairs;  // none: it was empty, and nobody was asked
    Both<std::map<Uid, HeaderDigest>> headers;
    Both<Reply<Nothing>> replies;
  };
  void settle(bool preview);
  Renamings find(bool preview, const std::vector<KnownPlace>& places);
  std::optional<Renaming> agreement(const Disagreement& disagreement) const;
  bool settle(const Disagreement& disagreement, const Renaming& renaming, bool preview);
  void moveListing(Side side, const MailboxName& from, const MailboxName& to);
  std::vector<KnownPlace> places() const;
  void announce(const std::vector<Renaming>& renamings, bool preview);
  void reportDoubt(const MailboxName& name, const std::set<MailboxName>& perhaps,
                   const std::vector<KnownPlace>& places);
  std::set<MailboxName> takenBy(const std::vector<Renaming>& left) const;
  std::vector<Verdict> compare(const std::vector<Renaming>& found, const std::vector<KnownPlace>& places);
  bool keepUidValidity(const Renaming& renaming, const std::vector<KnownPlace>& places) const;
  void ask(Comparison& comparison, const Renaming& renaming, store::MailboxId id);
  static bool isSpoiled(Comparison& comparison);
  static Verdict judge(Comparison& comparison);
  bool mayFollow(const Renaming& renaming, const std::vector<KnownPlace>& places) const;
  std::vector<Renaming> carryOut(std::vector<Renaming> left);
  std::optional<Undertakings::Refused> carryOut(const Renaming& renaming);
  std::string shown(const MailboxName& name) const { return lists_.hierarchy(Side::local).shown(name); }

  Both<Server*> servers_;
  store::Store& store_;
  Log& log_;
  Lists& lists_;
  MailboxSet& mailboxes_;
  Undertakings undertakings_;
};

}  // namespace interimap
