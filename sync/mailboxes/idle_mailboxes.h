// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Which mailboxes of a server a watcher idles in beside INBOX: the key idle-mailboxes.
#pragma once

#include <string>
#include <vector>

#include "ipc/mailbox_name.h"
#include "sync/mailboxes/hierarchy.h"

namespace interimap {

struct IdleMailboxes {
  std::vector<WireName> in;            // at most kMostIdle: those that an earlier pattern names come first
  std::vector<WireName> leftOut;       // what there is no connection for
  std::vector<std::string> unmatched;  // patterns that no mailbox answers to, as they are shown

  // `names`: mailboxes that are synchronised. A pattern matches them as this server spells them, without the
  // reference, and never INBOX, in which a watcher idles anyway.
  static IdleMailboxes of(const std::vector<std::string>& patterns, const std::vector<MailboxName>& names,
                          const Hierarchy& hierarchy);
};

}  // namespace interimap
