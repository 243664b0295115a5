// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Collects the changes of one side of a mailbox: what all ways of doing so have in common. What is new is
// listed; what has changed below is asked for in the way that the server permits, each a file beside this
// one.
#pragma once

#include <map>
#include <memory>
#include <optional>

#include "store/store.h"
#include "sync/mailboxes/mailbox.h"
#include "sync/pass/changes.h"
#include "sync/pass/known_flags.h"
#include "sync/peers/server.h"

namespace interimap {

class Collector {
 public:
  // `copies`: what was copied here a moment ago, to be held against what is listed; may be null. All of these
  // outlive this object.
  struct Context {
    Server& server;
    const store::Store& store;
    const Mailbox& mailbox;
    std::optional<store::SideState> known;
    Extent extent;
    const Copies* copies;
    bool names;  // what the server calls its messages is asked for, too
  };
  // `bare`: this mailbox has no mod-sequences, whatever its server has.
  static std::unique_ptr<Collector> make(const Context& context, bool bare);
  virtual ~Collector() = default;
  Collector(const Collector&) = delete;

  // Sends SELECT, what asks for changes, and UID FETCH of everything from the known UIDNEXT on.
  void ask();
  virtual bool isTold() const {  // collect() will not wait
    return selectReply_.ready() && listReply_.ready() && (!landmarkReply_ || landmarkReply_->ready()) &&
           (!namesReply_ || namesReply_->ready());
  }

  struct Collected {
    answer::Selected selected;
    std::optional<Trouble> trouble;
    Changes changes;  // if there is no trouble
  };
  // Waits; once.
  Collected collect();

 protected:
  explicit Collector(const Context& context);

  virtual Reply<answer::Selected> select() = 0;
  // Sends what asks for changes below `listedFrom`, if SELECT does not do that.
  virtual void askChanges() {}
  // Waits for that.
  virtual const answer::Done* changesDone() { return nullptr; }
  // What is gone, of what was listed and told.
  virtual void settle(const answer::Selected& selected) = 0;
  virtual bool relatesModSeqs() const { return true; }  // those of this SELECT to the known one

  // A message below `listedFrom`, as it is.
  void changed(const answer::Message& changed);
  void message(Uid uid, const Flags& flags);              // kept if its flags are not those we know
  bool isStillItself() const;                             // some known message is what it was
  void concludeListed(const answer::Selected& selected);  // every message was listed or told

  Server& server_;
  const store::Store& store_;
  const Mailbox& mailbox_;
  std::optional<store::SideState> known_;
  Extent extent_;
  UidSet mapped_, seen_;  // of Extent::afresh, `fresh` tells what was seen
  Changes changes_;

 private:
  void listed(const answer::Message& message);
  std::optional<Trouble> regressed(const answer::Selected& selected) const;
  std::optional<Trouble> modSeqTrouble(const answer::Selected& selected, bool sameMessages) const;
  void settleAfresh();
  void weighListing(const answer::Selected& selected);
  UidNext likelyNext(UidValidity validity) const;
  void askLandmarks();
  void askNames();

  std::uint64_t highest_ = 0;  // UID that was listed
  UidSet untold_;              // changed, without their flags
  const Copies* copies_;
  bool names_;
  KnownFlags knownFlags_;
  Reply<answer::Selected> selectReply_;
  Reply<Nothing> listReply_;
  std::map<Uid, HeaderDigest> landmarks_;  // as they were
  std::optional<Reply<Nothing>> landmarkReply_, namesReply_;
};

}  // namespace interimap
