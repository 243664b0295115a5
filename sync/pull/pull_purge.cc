// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pull/pull_purge.h"

#include <chrono>

#include "sync/mailboxes/mailbox.h"

namespace interimap {

namespace {

// Selected, and still the mailbox whose UIDs we know.
bool select(Pulling& pulling, const WireName& mailbox, const store::PulledMailbox& known) {
  auto reply = pulling.server.ensureSelected(mailbox);
  const answer::Selected& selected = reply.get();
  if (!reply.done().ok() || selected.uidValidity != known.uidValidity) return false;  // visiting it says why
  if (selected.readOnly) pulling.log.warning(aboutMailbox(mailbox), "is READ-ONLY: nothing is removed");
  return !selected.readOnly;
}

std::chrono::year_month_day daysAgo(std::int64_t now, std::uint32_t days) {
  using namespace std::chrono;
  auto today = floor<std::chrono::days>(sys_seconds(seconds(now)));
  std::chrono::days most = today - sys_days(year(1970) / 1 / 1);
  return today - std::min(std::chrono::days(days), most);
}

}  // namespace

void purgeMailbox(Pulling& pulling, const WireName& mailbox, std::uint32_t days) {
  store::PullState& state = pulling.state;
  auto known = state.mailbox(mailbox);
  if (!known) return;
  UidSet delivered = state.purgeable(known->id);
  if (delivered.empty() || !select(pulling, mailbox, *known)) return;
  if (days > 0) {
    auto reply = pulling.server.search(delivered, daysAgo(pulling.now(), days));
    delivered = reply.get();
    if (!reply.done().ok())
      return pulling.log.error(aboutMailbox(mailbox), "cannot be searched: " + words(reply.done()),
                               ExitStatus::tryAgain);
  }
  if (delivered.empty()) return;
  pulling.log.info(aboutMailbox(mailbox),
                   "Removing " + std::to_string(delivered.size()) + " UID(s) " + delivered.text());
  auto reply = pulling.server.expunge(delivered);
  UidSet gone = reply.get();
  if (reply.done().ok()) {
    // Some were gone before. What is not below UIDNEXT is remembered unless the server said that it is gone,
    // lest it be taken for new.
    gone.add(delivered.intersect(UidSet::below(known->uidNext)));
  } else {
    pulling.log.error(aboutMailbox(mailbox),
                      "Couldn't UID EXPUNGE " + delivered.text() + ": " + words(reply.done()),
                      ExitStatus::tryAgain);
  }
  state.write("purge", [&] { state.forget(known->id, gone); });
  pulling.done.purged += gone.size();
}

}  // namespace interimap
