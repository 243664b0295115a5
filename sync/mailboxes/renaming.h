// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Mailboxes that got another name on a server: under their old one there is none any more, or another one,
// and another name has what they were. Pure functions of the two listings and the database.
#pragma once

#include <map>
#include <optional>
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

// One that each side gave another name.
struct Disagreement {
  MailboxName from;
  Both<MailboxName> to;
};

struct Renamings {
  std::vector<Renaming> found;              // by old name, so parents come first
  std::vector<Disagreement> disagreements;  // likewise
  // New names that may be those of several, or of none, with those: nothing is to be done to these. And the
  // old ones: those are not surely gone.
  std::map<MailboxName, std::set<MailboxName>> doubtful;
  std::set<MailboxName> astray;
};

// Whether the name on that side is, as far as UIDVALIDITY tells, that of the mailbox we know.
bool isStill(const KnownPlace& place, Side side, const Listing& listing);

// RENAME keeps UIDVALIDITY, UIDNEXT and HIGHESTMODSEQ never fall (RFC 3501 section 6.3.5). INBOX is no
// matter: renaming it leaves it where it is.
Renamings findRenamings(const Both<const Listing*>& listings, const std::vector<KnownPlace>& known);

// With those of parents that are no mailboxes themselves in front, where all that is below them goes the same
// way: one RENAME does for all.
std::vector<Renaming> withParents(const std::vector<Renaming>& found, const Both<const Listing*>& listings);

// Which of those that are left can be done next, while these names are taken: names may be swapped, or passed
// on. To a name of its own if it has to make way for another first; nothing if all are in the way of
// something else. A parent comes before what is below it.
std::optional<Renaming> nextRenaming(const std::vector<Renaming>& left, const std::set<MailboxName>& taken);

// The name that `name` has once `from` is called `to`: another one if it is `from` or below it.
MailboxName renamed(const MailboxName& name, const MailboxName& from, const MailboxName& to);
bool isBelow(const MailboxName& name, const MailboxName& parent);

}  // namespace interimap
