// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Which section [mailbox PATTERN] of the configuration each mailbox falls under.
#pragma once

#include "ipc/settings.h"
#include "sync/mailboxes/lists.h"
#include "sync/mailboxes/policy.h"
#include "sync/report/log.h"

namespace interimap {

class Rules {
 public:
  // Both outlive this. To be asked once both sides are listed.
  Rules(const settings::Sync& settings, const Lists& lists) : settings_(settings), lists_(lists) {}

  // Of the first that matches the mailbox as either server spells it, as with list-mailbox.
  Policy of(const MailboxName& name) const;
  // Says which patterns no mailbox that is listed answers to: a slip in one would go without notice.
  void reportUnmatched(Log& log) const;

 private:
  const settings::OfMailbox* ruleOf(const MailboxName& name) const;
  bool matches(const settings::OfMailbox& rule, const MailboxName& name) const;

  const settings::Sync& settings_;
  const Lists& lists_;
};

}  // namespace interimap
