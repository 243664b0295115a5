// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What one server says about a mailbox since last time, gathered as it arrives: nothing is kept of a message
// whose flags are as we know them.
#pragma once

#include <map>
#include <vector>

#include "store/store.h"
#include "sync/copying/fresh.h"
#include "sync/mailboxes/mailbox.h"
#include "sync/copying/copies.h"
#include "sync/peers/server.h"

namespace interimap {

class Changes {
 public:
  enum class Look : std::uint8_t {
    news,
    everything,  // not only what is new, but every message there is
    afresh,      // likewise, but as if nothing were known of any: all of them are `fresh`
  };
  Changes(Server& server, const store::Store& store, const Mailbox& mailbox,
          std::optional<store::SideState> known, Look look);

  // What was copied here a moment ago, to be held against what is listed. Outlives this.
  void expect(const Copies* copies) { copies_ = copies; }
  // Sends SELECT, with QRESYNC data if there are any, and UID FETCH of everything from the known UIDNEXT on.
  void ask();
  bool isTold() const { return selectReply_.ready() && listReply_.ready(); }  // collect() will not wait
  // Waits. Says why this mailbox must be left alone, or nothing if all is well.
  struct Trouble {
    std::string text;
    ExitStatus status;
    bool again = false;   // a response could not be read: worth another try
    bool afresh = false;  // UIDs do not mean what they meant: what is known of it is to be forgotten
    bool hold = false;    // and that would not be noticed by the next run
  };
  std::optional<Trouble> collect();

  // A message we know: kept if its flags are not those we know. Also for what is asked later on.
  void message(Uid uid, const Flags& flags);

  const answer::Selected& selected() const { return selected_; }
  UidNext listedFrom() const { return listedFrom_; }
  UidNext knownNext() const { return knownNext_; }  // as of last time; what is above is new
  // Mapped messages that are said to be gone: VANISHED, or not listed any more.
  UidSet gone;
  // With Look::everything: mapped messages that are not there, though nobody ever said that they went.
  UidSet lost;
  // Copies that are not as large as what was sent.
  UidSet doubtful;
  // VANISHED, and not mapped; flags changed, and not mapped though not new either. As long as nobody looks.
  UidSet strangersGone, strangersChanged;
  // Mapped messages and the flags they have now.
  std::map<Uid, Flags> flags;
  // With Look::everything: of those, the ones with a mod-sequence from before: the server did not report that
  // change.
  UidSet unreported;
  // Ascending.
  std::vector<Fresh> fresh;
  // With Look::afresh: why its UIDs are not those that we know, or nothing if they are; and how many mapped
  // ones are still there, if so.
  const std::optional<Trouble>& meaningless() const { return meaningless_; }
  std::uint64_t stillThere() const { return stillThere_; }

 private:
  void listed(const answer::Message& message);
  bool isAsKnown(Uid uid, const Flags& now) const;
  request::Known known() const;
  std::optional<Trouble> regressed() const;

  Server& server_;
  const store::Store& store_;
  const Mailbox& mailbox_;
  std::optional<store::SideState> known_;
  bool hasBase_, full_, afresh_;
  UidNext listedFrom_{1}, knownNext_{1};
  UidSet mapped_, seen_;  // of Look::afresh, `fresh` tells what was seen
  const Copies* copies_ = nullptr;
  std::optional<Trouble> meaningless_;
  std::uint64_t stillThere_ = 0;
  answer::Selected selected_;
  Reply<answer::Selected> selectReply_;
  Reply<Nothing> listReply_;
};

}  // namespace interimap
