// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What all stages of a pass over one mailbox work with, and whether the pass can go on at all.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "ipc/launch.h"
#include "ipc/side.h"
#include "store/store.h"
#include "sync/copying/copies.h"
#include "sync/mailboxes/access.h"
#include "sync/mailboxes/mailbox.h"
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
  Both<bool> rebuilt{};               // that side does not know what changed since last time
  Both<bool> bare{};                  // that side has no mod-sequences in this mailbox
  bool byItself = false;              // a response could not be read: nothing else is asked meanwhile
  bool recounted = false;             // a server named more or fewer messages than it said that there are
  unsigned doubts = 0;                // how often MESSAGES did not fit
  std::int64_t alone = 0;             // the hangup that is tried again, and nothing else; 0: none
  Both<std::uint64_t> expunged{};     // by this run
  Both<answer::Selected> selected{};  // as of the last look at that side
  Both<std::shared_ptr<const Copies>> copies{};  // what the pass before has copied to that side
  // Of those, what the server has made of messages of its own (sync/copying/origins.h).
  Both<UidSet> copiedThere{};
  // Messages of the other side that it has copied to that side, whose server did not say where they are.
  Both<UidSet> unnamed{};
};

// What is left out since a server hung up at it (sync/hangups.h), by the side whose UIDs they are: messages
// that are not copied from there, and those whose flags stay as they are and which are not expunged.
struct Apart {
  Both<UidSet> messages, changes;
  Both<UidSet> unread;   // of the messages: that side hangs up at their octets
  Both<UidSet> waiting;  // of the messages: they may be the same as what is unread on the other side
};

class Work {
 public:
  Work(const settings::Sync& settings, Both<Server*> servers, store::Store& store, Log& log, Due due);

  const settings::Sync& settings;
  const Both<Server*> servers;
  store::Store& store;
  Log& log;
  const Mailbox& mailbox;
  Due due;                                      // `selected` is filled in once a side is listed
  Both<std::optional<store::SideState>> known;  // how far it was synchronised before this pass
  Both<UidSet> refused;                         // of messages that stay on that side alone
  // Second copies on that side that came late, to be expunged, and the stray that each of them was.
  Both<std::map<Uid, std::int64_t>> surplus;
  Apart apart;
  // The mailbox was on hold and --adopt is given: the known UIDs of both sides are ignored.
  bool distrusted = false;

  // What was listed is compared with all that is known, not only what changed.
  bool isFull() const {
    return !due.afresh && (due.full || (settings.errand == settings::Errand::repair && !due.again));
  }
  Access access(Side side) const;
  // The server lets it be, and so does the user.
  bool mayExpunge(Side side) const { return access(side).expunges() && mailbox.policy.expunges(side); }
  UidValidity validity(Side side) const;
  // How far a side is synchronised when this pass ends well; and before it began, of a first one: not at all.
  store::SideState reached(Side side) const;
  store::SideState begun(Side side) const;

  // The server with this mailbox selected, for commands on messages that we know already.
  Server& at(Side side) const;
  About about(Side side) const { return About::at(side, mailbox.wire[side]); }

  // Nothing more is to be done to this mailbox by this pass.
  bool isOver() const { return over_; }
  // An error, the first of the pass.
  void fail(Side side, const std::string& text, ExitStatus status);
  // A response that could not be read is lost, but not the mailbox: it may have been that of another. It is
  // looked at again, once and by itself.
  void failOrTryAgain(Side side, bool again, const std::string& text, ExitStatus status);
  void startAgain(Due due);
  // The pass that is to follow, if any.
  std::optional<Due> next;

  // What is left out since a server hung up at it, as it is written down now.
  void setApart();
  // This pass leaves nothing out on this side.
  void leaveNothingOut(Side side);

 private:
  void letWait(Side target, const UidSet& avoided);
  void letArrivalsWait(Side source, const UidSet& suspected);

  bool over_ = false;
};

}  // namespace interimap
