// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/mailboxes/renaming_follower.h"

#include <algorithm>
#include <map>

#include "ipc/side.h"

namespace interimap {

namespace {

// Messages that are compared before a mailbox is believed to be the one that had another name.
constexpr std::size_t kCompared = 8;

}  // namespace

void RenamingFollower::resume() {
  if (!undertakings_.any()) return;
  std::set<MailboxName> unfinished = undertakings_.resume();
  lists_.fetch();
  for (const MailboxName& name : unfinished) mailboxes_.setAside(name);
}

void RenamingFollower::follow() { settle(false); }

void RenamingFollower::preview() { settle(true); }

Renamings RenamingFollower::suspected() const {
  std::vector<KnownPlace> places;
  bool anyGone = false;
  for (const auto& [name, id] : mailboxes_.ids()) {
    KnownPlace& place = places.emplace_back(KnownPlace{name, {}});
    if (lists_.exists(Side::local, name) && lists_.exists(Side::remote, name)) continue;
    for (Side side : kSides) place.state[side] = store_.state(id, side);
    anyGone = true;
  }
  if (!anyGone) return {};
  return findRenamings({&lists_.listing(Side::local), &lists_.listing(Side::remote)}, places);
}

void RenamingFollower::settle(bool preview) {
  Renamings renamings = suspected();
  std::vector<Renaming>& found = renamings.found;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (found[i].from == found[i].to) continue;  // went along with its parent
    Verdict verdict = mayFollow(found[i]) ? compare(found[i]) : Verdict::unknown;
    if (verdict == Verdict::unknown) {
      renamings.doubtful.insert(found[i].to);
      renamings.astray.insert(found[i].from);
    }
    if (verdict != Verdict::same) continue;
    std::string shown = lists_.hierarchy(Side::local).shown(found[i].from) + " to " +
                        lists_.hierarchy(Side::local).shown(found[i].to);
    if (preview) {
      log_.notice(About::database(), "Would follow the renaming of mailbox " + shown);
      mailboxes_.setAside(found[i].from);
      mailboxes_.setAside(found[i].to);
    } else if (carryOut(found[i])) {
      for (std::size_t below = i + 1; below < found.size(); ++below)
        found[below].from = renamed(found[below].from, found[i].from, found[i].to);
    }
  }
  mailboxes_.setAstray(std::move(renamings.astray));
  for (const MailboxName& name : renamings.doubtful) {
    std::string shown = lists_.hierarchy(Side::local).shown(name);
    log_.error(About::database(),
               "Mailbox " + shown +
                   " is left alone: it looks as if another one had been renamed, and it is not sure which. "
                   "`interimap --rename` on the other server settles it.",
               ExitStatus::data);
    mailboxes_.setAside(name);
  }
}

// RENAME takes along what is below: it must not be at its old place on the side that renamed.
bool RenamingFollower::mayFollow(const Renaming& renaming) const {
  for (const auto& [name, _] : mailboxes_.ids()) {
    if (!isBelow(name, renaming.from)) continue;
    for (Side side : kSides)
      if (renaming.done[side] && lists_.exists(side, name)) return false;
  }
  for (Side side : kSides) {
    if (renaming.done[side]) continue;
    for (const auto& [name, mailbox] : lists_.listing(side))
      if (isBelow(name, renaming.from) && mailbox.exists && lists_.exists(other(side), name)) return false;
  }
  return true;
}

// UIDVALIDITY may be the same by chance. Some of the messages that both had in common tell.
RenamingFollower::Verdict RenamingFollower::compare(const Renaming& renaming) {
  store::MailboxId id = mailboxes_.ids().at(renaming.from);
  if (store_.count(id) == 0) return Verdict::same;
  UidSet newest = store_.newest(id, Side::local, kCompared);
  std::vector<store::Pair> pairs = store_.pairs(id, Side::local, newest);
  Both<UidSet> uids;
  for (const store::Pair& pair : pairs) {
    uids.local.add(pair.local);
    uids.remote.add(pair.remote);
  }
  Both<std::map<Uid, HeaderDigest>> headers;
  Both<Reply<Nothing>> replies;
  for (Side side : kSides) {
    WireName wire = lists_.hierarchy(side).wire(renaming.done[side] ? renaming.to : renaming.from);
    servers_[side]->ensureSelected(wire);
    replies[side] = servers_[side]->fetch(uids[side], request::Fetch::Items::identity,
                                          [&headers, side](const answer::Message& message) {
                                            if (message.header) headers[side][message.uid] = *message.header;
                                          });
  }
  bool told = true, compared = false, equal = false;
  for (Side side : kSides) told = replies[side].done().ok() && told;
  if (!told) return Verdict::unknown;
  for (const store::Pair& pair : pairs) {
    auto here = headers.local.find(pair.local);
    auto there = headers.remote.find(pair.remote);
    if (here == headers.local.end() || there == headers.remote.end()) continue;
    compared = true;
    equal = equal || here->second == there->second;
  }
  return equal ? Verdict::same : compared ? Verdict::another : Verdict::unknown;
}

bool RenamingFollower::carryOut(const Renaming& renaming) {
  for (Side side : kSides)
    if (renaming.done[side])
      log_.info(About::server(side), "Mailbox " + lists_.hierarchy(side).wire(renaming.from).bytes +
                                         " is now called " + lists_.hierarchy(side).wire(renaming.to).bytes);
  Both<bool> due{!renaming.done.local, !renaming.done.remote};
  auto refused = undertakings_.carryOut(undertakings_.plan(renaming.from, renaming.to, due, true));
  if (refused) {
    log_.error(About::server(refused->side), refused->text, ExitStatus::tryAgain);
    mailboxes_.setAside(renaming.from);
    mailboxes_.setAside(renaming.to);
    return false;
  }
  for (Side side : kSides) {
    if (!due[side]) continue;
    Listing moved;
    for (const auto& [name, mailbox] : lists_.listing(side))
      moved.emplace(renamed(name, renaming.from, renaming.to), mailbox);
    lists_.listing(side) = std::move(moved);
  }
  return true;
}

}  // namespace interimap
