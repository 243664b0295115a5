// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What one server says about a mailbox since last time. Data: a collector fills it
// (sync/pass/collector.h), the stages that follow read it, and take from it what they have dealt with.
// Nothing is kept of a message whose flags are as we know them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ipc/exit_status.h"
#include "ipc/flags.h"
#include "ipc/identity.h"
#include "ipc/side.h"
#include "ipc/uid_set.h"
#include "store/store.h"
#include "sync/copying/fresh.h"

namespace interimap {

// How much of a mailbox is listed.
enum class Extent : std::uint8_t {
  news,
  everything,  // not only what is new, but every message there is
  afresh,      // likewise, but as if nothing were known of any: all of them are `fresh`
};

// Why a mailbox must be left alone.
struct Trouble {
  std::string text;
  ExitStatus status;
  bool again = false;    // a response could not be read: worth another try
  bool afresh = false;   // UIDs do not mean what they meant: what is known of it is to be forgotten
  bool hold = false;     // and that would not be noticed by the next run
  bool rebuilt = false;  // UIDs do mean what they meant, but what changed when is not known any more
  bool bare = false;     // likewise, as this mailbox has no mod-sequences
};

struct Changes {
  // Why messages that are missing are not taken to be expunged (sync/pass/witnesses.h).
  struct Doubt {
    enum class Why : std::uint8_t {
      number,   // the server names more messages than it says that there are, or fewer
      window,   // it may show the newest ones only
      listing,  // it does not show all that is new: nothing can be said of this mailbox
    };
    Why why = Why::number;
    UidSet missing;
    std::uint64_t present = 0, exists = 0;
  };

  UidNext knownNext{1};   // as of last time; what is above is new
  UidNext listedFrom{1};  // from here on every message is listed
  // Mapped messages that are said to be gone: VANISHED, or not listed any more.
  UidSet gone;
  // With Extent::everything: mapped messages that are not there, though nobody ever said that they went.
  UidSet lost;
  // With Extent::everything: as many are listed as there are, and messages whose headers we know are among
  // them. So it is the mailbox that it was, and what is lost has been expunged.
  bool isWhole = false;
  // Without QRESYNC. MESSAGES does not fit: which messages are there has to be asked.
  bool recount = false;
  std::optional<Doubt> doubt;
  // Copies that are not as large as what was sent.
  UidSet doubtful;
  // Only with Extent::news: VANISHED, and not mapped; flags changed, and not mapped though not new either.
  UidSet strangersGone, strangersChanged;
  // Mapped messages and the flags they have now.
  std::map<Uid, Flags> flags;
  // With Extent::everything: of those, the ones with a mod-sequence from before: the server did not report
  // that change.
  UidSet unreported;
  // Ascending.
  std::vector<Fresh> fresh;
  // What the server calls messages that were listed, and some that are known from before.
  std::vector<store::Named> names;
  // Known messages whose headers were asked for, and what they are.
  UidSet landmarksAsked;
  std::map<Uid, HeaderDigest> landmarks;
  // Copies of ours, with their sizes: those that were listed, and if there is anything fresh, the newest of
  // the last day.
  std::vector<Fresh> copied;
  // If there is anything fresh: what is alone on the other side, or is the partner of what is gone from this
  // one, with their sizes.
  std::vector<Fresh> partnerless;
  // With Extent::afresh: why its UIDs are not those that we know, or nothing if they are; and how many mapped
  // ones are still there, if so.
  std::optional<Trouble> meaningless;
  std::uint64_t stillThere = 0;
};

// None: that side was not asked.
using BothChanges = Both<std::optional<Changes>>;

}  // namespace interimap
