// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pull/pull_purge.h"

#include <algorithm>
#include <chrono>
#include <map>

#include "sync/mailboxes/mailbox.h"

namespace interimap {

namespace {

// Selected, and still the mailbox whose UIDs we know.
bool select(PullContext& pulling, const WireName& mailbox, const store::PulledMailbox& known) {
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

// Without those under whose UIDs there is another message by now than the one that was delivered.
bool removeOthers(PullContext& pulling, const WireName& mailbox, UidSet& delivered,
                  const std::map<Uid, ContentDigest>& contents) {
  UidSet others;
  auto reply = pulling.server.fetch(delivered.minus(pulling.proven[mailbox]), request::Fetch::Items::content,
                                    [&](const answer::Message& message) {
                                      auto it = contents.find(message.uid);
                                      if (it == contents.end() || message.content != it->second)
                                        others.add(message.uid);
                                    });
  if (!reply.done().ok()) {
    pulling.log.error(aboutMailbox(mailbox), "cannot tell its messages: " + words(reply.done()),
                      ExitStatus::tryAgain);
    return false;
  }
  if (reply.done().code == answer::kUnreadable) return false;
  if (!others.empty())
    pulling.log.warning(aboutMailbox(mailbox),
                        "UID " + others.text() +
                            ": the server has another message there than the one that was delivered; it is "
                            "not removed. Was the server restored from a backup?");
  delivered.remove(others);
  return true;
}

// Moved, or else expunged: either happens to a message once, however often it is asked for. Those that are
// gone then.
UidSet remove(PullContext& pulling, const WireName& mailbox, const UidSet& delivered) {
  const std::vector<std::string>& after = pulling.settings.after;
  const bool moves = after.size() == 2;
  const WireName to{moves ? after[1] : ""};
  pulling.log.info(aboutMailbox(mailbox).with(delivered),
                   (moves ? "Moving " : "Removing ") + std::to_string(delivered.size()) + " UID(s) " +
                       delivered.text() + (moves ? " to " + to.bytes : ""));
  auto reply = moves ? pulling.server.move(delivered, to) : pulling.server.expunge(delivered);
  UidSet gone = reply.get();
  // RFC 6851 section 3.3: the mailbox is not there, and may be made.
  if (moves && reply.done().code.starts_with("TRYCREATE")) {
    auto created = pulling.server.manage(request::Manage::Verb::create, to);
    if (created.done().ok()) {
      pulling.log.info(aboutMailbox(to), "Created");
      reply = pulling.server.move(delivered, to);
      gone.add(reply.get());
    }
  }
  if (reply.done().ok()) return delivered;  // some were gone before
  pulling.log.error(aboutMailbox(mailbox),
                    std::string("Couldn't UID ") + (moves ? "MOVE " : "EXPUNGE ") + delivered.text() +
                        (moves ? " to " + to.bytes : "") + ": " + words(reply.done()),
                    ExitStatus::tryAgain);
  return gone;
}

}  // namespace

void purgeMailbox(PullContext& pulling, const WireName& mailbox, std::uint32_t days) {
  store::PullState& state = pulling.state;
  auto known = state.mailbox(mailbox);
  if (!known) return;
  std::map<Uid, ContentDigest> contents;
  UidSet delivered;
  for (const auto& [uid, content] : state.purgeable(known->id)) {
    if (content == ContentDigest{}) continue;  // by an older version: nobody knows what it was
    contents.emplace_hint(contents.end(), uid, content);
    delivered.add(uid);
  }
  if (delivered.empty() || !select(pulling, mailbox, *known)) return;
  if (days > 0) {
    auto reply = pulling.server.search(delivered, daysAgo(pulling.now(), days));
    delivered = reply.get();
    if (!reply.done().ok())
      return pulling.log.error(aboutMailbox(mailbox), "cannot be searched: " + words(reply.done()),
                               ExitStatus::tryAgain);
  }
  if (delivered.empty() || !removeOthers(pulling, mailbox, delivered, contents) || delivered.empty()) return;
  UidSet gone = remove(pulling, mailbox, delivered);
  state.write("purge", [&] { state.setPurged(known->id, gone); });
  pulling.done.purged += gone.size();
}

}  // namespace interimap
