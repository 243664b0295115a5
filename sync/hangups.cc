// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/hangups.h"

#include <algorithm>
#include <ctime>
#include <utility>

#include "ipc/side.h"

namespace interimap {

namespace {

using store::Hangup;

// So many times as much as was suspected before is suspected when the connection is lost once more.
constexpr std::uint64_t kGrowth = 3;

const Mailbox* find(const std::vector<Mailbox>& mailboxes, store::MailboxId id) {
  auto it = std::ranges::find(mailboxes, id, &Mailbox::id);
  return it == mailboxes.end() ? nullptr : &*it;
}

const Mailbox* find(const std::vector<Mailbox>& mailboxes, Side side, const WireName& name) {
  auto it =
      std::ranges::find_if(mailboxes, [&](const Mailbox& mailbox) { return mailbox.wire[side] == name; });
  return it == mailboxes.end() ? nullptr : &*it;
}

// "when it was asked …"
std::string described(const Hangup& hangup) {
  const std::string uids = "UID " + hangup.uids.text();
  switch (hangup.asked) {
    case Hangup::Asked::mailbox: return "to select and list this mailbox";
    case Hangup::Asked::messages: return "for " + uids;
    case Hangup::Asked::append:
      return std::string("to store copies of ") + nameOf(other(hangup.side)) + " " + uids;
    case Hangup::Asked::flags: return "to store flags of " + uids;
    case Hangup::Asked::expunge: return "to expunge " + uids;
  }
  return {};
}

std::string inQuotes(const std::string& words) { return words.empty() ? "" : " (" + words + ")"; }

UidSet lowest(const UidSet& uids, std::uint64_t most) {
  UidSet out;
  for (UidSet::Range range : uids.ranges()) {
    if (most == 0) break;
    std::uint64_t size = std::min<std::uint64_t>(most, std::uint64_t{range.last} - range.first + 1);
    out.add(UidSet::Range{range.first, static_cast<std::uint32_t>(range.first + size - 1)});
    most -= size;
  }
  return out;
}

}  // namespace

std::vector<Mailbox> Hangups::others(const std::vector<Mailbox>& mailboxes) const {
  std::vector<Mailbox> others = mailboxes;
  for (const Hangup& hangup : store_.hangups())
    if (hangup.asked == Hangup::Asked::mailbox)
      std::erase_if(others, [&](const Mailbox& mailbox) { return mailbox.id == hangup.mailbox; });
  return others;
}

std::vector<Hangup> Hangups::due(const std::vector<Mailbox>& mailboxes) const {
  std::vector<Hangup> due = store_.hangups();
  const std::int64_t now = std::time(nullptr);
  std::erase_if(due,
                [&](const Hangup& it) { return !it.isDue(now) || find(mailboxes, it.mailbox) == nullptr; });
  std::ranges::stable_sort(due, [](const Hangup& a, const Hangup& b) {
    return std::pair(a.alone, a.uids.size()) < std::pair(b.alone, b.uids.size());
  });
  return due;
}

bool Hangups::record(const std::vector<Mailbox>& mailboxes, const Hangup* alone) {
  for (Side side : kSides) {
    // Where net says nothing it was killed, with us perhaps.
    if (!servers_[side]->isLost() || servers_[side]->lastWords().empty()) continue;
    const std::vector<Asked> unanswered = servers_[side]->unanswered();
    if (unanswered.empty() || !unanswered.front().what) return false;
    const Asked& asked = unanswered.front();
    const Mailbox* mailbox = find(mailboxes, side, asked.mailbox);
    if (mailbox == nullptr) return false;
    bool isThat = alone != nullptr && alone->mailbox == mailbox->id && alone->side == side &&
                  alone->asked == *asked.what &&
                  (asked.uids.empty() || !asked.uids.intersect(alone->uids).empty());
    if (isThat)
      recordAgain(*mailbox, *alone);
    else
      recordOthers(mailboxes, side, unanswered);
    return isThat;
  }
  return false;
}

// Servers answer in order, so the first that was not answered is the likeliest. But what they had answered
// may have been lost with the connection: each time that it is lost again more of what follows is suspected.
void Hangups::recordOthers(const std::vector<Mailbox>& mailboxes, Side side,
                           const std::vector<Asked>& unanswered) {
  const Asked& first = unanswered.front();
  const std::uint64_t most = std::max<std::uint64_t>(1, kGrowth * suspected(side, *first.what));
  UidSet uids;
  std::vector<WireName> named;
  for (const Asked& asked : unanswered) {
    if (asked.what != first.what) continue;
    if (first.what == Hangup::Asked::mailbox) {
      if (named.size() < most && std::ranges::find(named, asked.mailbox) == named.end())
        named.push_back(asked.mailbox);
    } else if (asked.mailbox == first.mailbox) {
      bool some = first.what == Hangup::Asked::messages;
      uids.add(some ? lowest(asked.uids, most - std::min(most, uids.size())) : asked.uids);
    }
  }
  if (named.empty()) named.push_back(first.mailbox);
  for (const WireName& name : named)
    if (const Mailbox* mailbox = find(mailboxes, side, name)) add(*mailbox, side, *first.what, uids);
}

// Of that kind, and not yet tried by itself.
std::uint64_t Hangups::suspected(Side side, Hangup::Asked asked) const {
  std::uint64_t all = 0;
  for (const Hangup& hangup : store_.hangups())
    if (hangup.side == side && hangup.asked == asked && hangup.alone == 0)
      all += std::max<std::uint64_t>(1, hangup.uids.size());
  return all;
}

void Hangups::add(const Mailbox& mailbox, Side side, Hangup::Asked asked, UidSet uids) {
  Hangup hangup{.mailbox = mailbox.id,
                .side = side,
                .asked = asked,
                .uids = std::move(uids),
                .at = std::time(nullptr),
                .words = servers_[side]->lastWords()};
  store::Transaction transaction = store_.begin();
  store_.addHangup(hangup);
  transaction.commit("hangup");
  log_.error(about(mailbox, hangup),
             "The connection was lost when the server was asked " + described(hangup) +
                 ". Next time it is asked for this last, and by itself.",
             ExitStatus::unavailable);
}

void Hangups::recordAgain(const Mailbox& mailbox, Hangup hangup) {
  hangup.at = std::time(nullptr);
  hangup.words = servers_[hangup.side]->lastWords();
  std::string text =
      "The connection was lost again when the server was asked " + described(hangup) + ", and nothing else. ";
  std::optional<Hangup> second;
  if (hangup.uids.size() > 1) {
    second = hangup;
    hangup.uids = lowest(hangup.uids, hangup.uids.size() / 2);
    second->uids.remove(hangup.uids);
    text += "Next time it is asked for one half after the other.";
  } else {
    hangup.alone = std::min(hangup.alone + 1, Hangup::kProven);
    text += hangup.isProven() ? "This is left out, and tried again once a day; everything else goes on."
                              : "Everything else is done; next time this is tried once more.";
  }
  store::Transaction transaction = store_.begin();
  store_.putHangup(hangup);
  if (second) store_.addHangup(*second);
  transaction.commit("hangup");
  log_.error(about(mailbox, hangup), text, ExitStatus::tryAgain);
}

void Hangups::acquit(const Hangup& hangup) {
  store::Transaction transaction = store_.begin();
  store_.forgetHangup(hangup.id);
  transaction.commit("hangup");
}

void Hangups::report(const std::vector<Mailbox>& mailboxes) const {
  for (const Hangup& hangup : store_.hangups()) {
    const Mailbox* mailbox = find(mailboxes, hangup.mailbox);
    if (mailbox == nullptr) continue;
    log_.caution(about(*mailbox, hangup),
                 hangup.isProven()
                     ? "The server hangs up when it is asked " + described(hangup) + inQuotes(hangup.words) +
                           ". This is left out, and tried again once a day."
                     : "The server hung up when it was asked " + described(hangup) + inQuotes(hangup.words) +
                           ". The next run tries this again, last and by itself.",
                 ExitStatus::tryAgain);
  }
}

About Hangups::about(const Mailbox& mailbox, const Hangup& hangup) const {
  return About::at(hangup.side, mailbox.wire[hangup.side]).with(hangup.uids);
}

}  // namespace interimap
