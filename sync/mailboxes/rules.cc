// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/mailboxes/rules.h"

#include <algorithm>
#include <set>

#include "sync/mailboxes/arguments.h"

namespace interimap {

bool Rules::matches(const settings::OfMailbox& rule, const MailboxName& name) const {
  return std::ranges::any_of(kSides, [&](Side side) {
    const Hierarchy& hierarchy = lists_.hierarchy(side);
    auto pattern = hierarchy.pattern(rule.pattern);
    return pattern && matchesPattern(*pattern, hierarchy.shown(name), hierarchy.delimiter());
  });
}

const settings::OfMailbox* Rules::ruleOf(const MailboxName& name) const {
  for (const settings::OfMailbox& rule : settings_.ofMailboxes)
    if (matches(rule, name)) return &rule;
  return nullptr;
}

Policy Rules::of(const MailboxName& name) const {
  const settings::OfMailbox* rule = ruleOf(name);
  return rule ? Policy(*rule) : Policy();
}

void Rules::reportUnmatched(Log& log) const {
  if (!settings_.mailboxes.empty()) return;  // few are listed
  std::set<const settings::OfMailbox*> found;
  for (Side side : kSides) {
    if (lists_.hasHole(side)) return;
    for (const auto& [name, mailbox] : lists_.listing(side))
      if (mailbox.exists) found.insert(ruleOf(name));
  }
  for (const settings::OfMailbox& rule : settings_.ofMailboxes)
    if (!found.contains(&rule))
      log.warning(About::run(), "No mailbox falls under [mailbox " + Policy(rule).pattern() +
                                    "]: what it says holds for none");
}

}  // namespace interimap
