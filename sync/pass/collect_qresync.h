// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Collects the changes of one side of a mailbox by QRESYNC (RFC 7162): SELECT tells what vanished and what
// flags changed, and what is new is listed.
#pragma once

#include <optional>

#include "store/store.h"
#include "sync/mailboxes/mailbox.h"
#include "sync/pass/changes.h"
#include "sync/pass/known_flags.h"
#include "sync/peers/server.h"

namespace interimap {

class CollectQresync {
 public:
  // `copies`: what was copied here a moment ago, to be held against what is listed; may be null. All of these
  // outlive this object.
  CollectQresync(Server& server, const store::Store& store, const Mailbox& mailbox,
                 std::optional<store::SideState> known, Extent extent, const Copies* copies);
  CollectQresync(const CollectQresync&) = delete;

  // Sends SELECT, with QRESYNC data if there are any, and UID FETCH of everything from the known UIDNEXT on.
  void ask();
  bool isTold() const {  // collect() will not wait
    return selectReply_.ready() && listReply_.ready() && (!landmarkReply_ || landmarkReply_->ready());
  }

  struct Collected {
    answer::Selected selected;
    std::optional<Trouble> trouble;
    Changes changes;  // if there is no trouble
  };
  // Waits; once.
  Collected collect();

 private:
  void listed(const answer::Message& message);
  void message(Uid uid, const Flags& flags);  // kept if its flags are not those we know
  request::Known known() const;
  std::optional<Trouble> regressed(const answer::Selected& selected) const;
  void settleAfresh();
  void settle();
  void askLandmarks();

  Server& server_;
  const store::Store& store_;
  const Mailbox& mailbox_;
  std::optional<store::SideState> known_;
  Extent extent_;
  const Copies* copies_;
  KnownFlags knownFlags_;
  UidSet mapped_, seen_;  // of Extent::afresh, `fresh` tells what was seen
  Changes changes_;
  Reply<answer::Selected> selectReply_;
  Reply<Nothing> listReply_;
  std::map<Uid, HeaderDigest> landmarks_;  // as they were
  std::optional<Reply<Nothing>> landmarkReply_;
};

}  // namespace interimap
