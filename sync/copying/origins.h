// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Where a message was that is new in a mailbox: if its server calls it what it calls one that both sides
// have, in whatever mailbox, the other side need not be sent it, but can copy it from there (UID COPY). That
// is how what was moved or copied to another mailbox is carried over.
//
// It is nothing but another way to append: the same is written down before, and looked for after a kill. What
// was moved away is expunged by the pass over the mailbox where it was, on the word of the server, and never
// because of this. So there is no UID MOVE, which would expunge a message because another one has been seen.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <vector>

#include "ipc/flags.h"
#include "ipc/side.h"
#include "store/store.h"
#include "sync/copying/fresh.h"
#include "sync/mailboxes/lists.h"

namespace interimap {

// On the side that is to get a copy.
struct Origin {
  store::MailboxId mailbox;
  Uid uid;
  Flags flags;  // that both sides have last agreed on
};

// Of one run.
class Origins {
 public:
  // Both outlive this. Without lists nothing has an origin.
  explicit Origins(const store::Store& store, const Lists* lists = nullptr) : store_(store), lists_(lists) {}

  // By the UID of what is new on `source`, which is given once in a run: whatever becomes of it, the next
  // time it is sent. No two have the same origin. `names`: what the server calls the messages of this mailbox
  // that were listed.
  std::map<Uid, Origin> find(Side source, store::MailboxId into, const std::vector<Fresh>& fresh,
                             const std::vector<store::Named>& names);

  // Where an origin is, if it is still what it was.
  struct Place {
    WireName wire;
    UidValidity validity;
  };
  std::optional<Place> place(store::MailboxId mailbox, Side side) const;

  // The server of that side does not copy: it is sent all that is new for the rest of this run.
  void giveUp(Side side) { isGivenUp_[side] = true; }

 private:
  const store::Store& store_;
  const Lists* lists_;
  Both<bool> isGivenUp_{};
  std::set<std::tuple<store::MailboxId, Side, Uid>> given_;
};

}  // namespace interimap
