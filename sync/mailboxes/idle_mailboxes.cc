// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/mailboxes/idle_mailboxes.h"

#include <algorithm>
#include <optional>
#include <set>

#include "ipc/settings.h"
#include "sync/mailboxes/arguments.h"

namespace interimap {

IdleMailboxes IdleMailboxes::of(const std::vector<std::string>& patterns,
                                const std::vector<MailboxName>& names, const Hierarchy& hierarchy) {
  IdleMailboxes found;
  std::set<MailboxName> taken;
  for (const std::string& text : patterns) {
    const std::optional<std::string> pattern = hierarchy.pattern(text);
    bool any = false;
    for (const MailboxName& name : names) {
      if (!pattern || !matchesPattern(*pattern, hierarchy.shown(name), hierarchy.delimiter())) continue;
      any = true;
      if (name.isInbox() || !taken.insert(name).second) continue;
      (found.in.size() < settings::kMostIdle ? found.in : found.leftOut).push_back(hierarchy.wire(name));
    }
    if (any) continue;
    found.unmatched.push_back(text);
    std::ranges::replace(found.unmatched.back(), '\0', '/');
  }
  return found;
}

}  // namespace interimap
