// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Mailboxes that got another name on a server: known there no more, and one that nobody knows is what they
// were. A pure function of the two listings and the database.
#pragma once

#include <set>
#include <vector>

#include "ipc/side.h"
#include "store/store.h"
#include "sync/mailboxes/mailbox_plan.h"

namespace interimap {

struct KnownPlace {
  MailboxName name;
  Both<std::optional<store::SideState>> state;
};

struct Renaming {
  MailboxName from, to;
  Both<bool> done;  // the sides that it has its new name on already; one at least
};

struct Renamings {
  std::vector<Renaming> found;  // by old name, so parents come first
  // New names that may be those of several, or of none: nothing is to be done to these. And the old ones of
  // which they may be: those are not surely gone.
  std::set<MailboxName> doubtful, astray;
};

// RENAME keeps UIDVALIDITY, UIDNEXT and HIGHESTMODSEQ never fall (RFC 3501 section 6.3.5). INBOX is no
// matter: renaming it leaves it where it is.
Renamings findRenamings(const Both<const Listing*>& listings, const std::vector<KnownPlace>& known);

// The name that `name` has once `from` is called `to`: another one if it is `from` or below it.
MailboxName renamed(const MailboxName& name, const MailboxName& from, const MailboxName& to);
bool isBelow(const MailboxName& name, const MailboxName& parent);

}  // namespace interimap
