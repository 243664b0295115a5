// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pass/work.h"

#include <utility>

namespace interimap {

Work::Work(const settings::Sync& settings_, Both<Server*> servers_, store::Store& store_, Log& log_, Due due_)
    : settings(settings_),
      servers(servers_),
      store(store_),
      log(log_),
      mailbox(*due_.mailbox),
      due(std::move(due_)) {
  for (Side side : kSides) known[side] = store.state(mailbox.id, side);
  for (Side side : kSides) refused[side] = store.refusedUids(mailbox.id, side);
  distrusted = settings.adopt && store.held(mailbox.id);
  if (distrusted) due.afresh = due.recovered = true;
  setApart();
}

void Work::setApart() {
  apart = {};
  Both<UidSet> avoided, suspected;
  for (const store::Hangup& hangup : store.hangups(mailbox.id)) {
    using Asked = store::Hangup::Asked;
    if (hangup.id == due.alone) continue;
    switch (hangup.asked) {
      case Asked::mailbox: break;  // Passes
      case Asked::messages:
        avoided[hangup.side].add(hangup.uids);
        if (!hangup.isProven()) suspected[hangup.side].add(hangup.uids);
        break;
      case Asked::append: apart.messages[other(hangup.side)].add(hangup.uids); break;
      case Asked::flags:
      case Asked::expunge: apart.changes[hangup.side].add(hangup.uids); break;
    }
  }
  for (Side side : kSides) {
    letWait(side, avoided[side]);
    letArrivalsWait(side, suspected[side]);
  }
  for (Side side : kSides) {
    apart.messages[side].add(avoided[side]);
    apart.unread[side] = avoided[side];
    servers[side]->avoid(mailbox.wire[side], std::move(avoided[side]));
  }
}

// What was sent there, by a run that did not hear what became of it, may be what cannot be looked at. Sent
// again, it would be there twice.
void Work::letWait(Side target, const UidSet& avoided) {
  const Side source = other(target);
  std::optional<Uid> last;  // of those that are nobody's partner
  for (Uid uid : avoided.each())
    if (!store.partner(mailbox.id, target, uid)) last = uid;
  if (!last) return;
  const store::Journal journal = store.journal(mailbox.id, target);
  if (!journal.intents.empty() && journal.targetNext.value <= last->value())
    for (const store::Intent& intent : journal.intents) apart.waiting[source].add(intent.source);
  for (const store::Stray& stray : store.strays(mailbox.id, target))
    if (stray.source && stray.targetNext.value <= last->value() &&
        !store.partner(mailbox.id, source, *stray.source))
      apart.waiting[source].add(UidSet::single(*stray.source));
  apart.messages[source].add(apart.waiting[source]);
}

// After the machine went down nobody knows what was sent but its UID there. As long as that cannot be looked
// at, each arrival may be its copy. What proves to be unreadable has not been sent.
void Work::letArrivalsWait(Side source, const UidSet& suspected) {
  if (suspected.empty()) return;
  const store::Journal journal = store.journal(mailbox.id, other(source));
  if (!journal.unclear.intersect(suspected).empty())
    apart.messages[other(source)].add(UidSet::from(journal.targetNext));
}

void Work::leaveNothingOut(Side side) {
  apart.messages[side] = apart.changes[side] = {};
  apart.unread[side] = apart.waiting[side] = {};
  servers[side]->avoid(mailbox.wire[side], {});
}

// PERMANENTFLAGS of a read-only mailbox is empty: that does not mean that its messages lack flags.
Access Work::access(Side side) const {
  const answer::Selected& selected = due.selected[side];
  return {selected.readOnly, selected.readOnly ? StorableFlags() : selected.storable};
}

UidValidity Work::validity(Side side) const {
  return due.sides[side] ? due.selected[side].uidValidity : known[side]->uidValidity;
}

store::SideState Work::reached(Side side) const {
  const answer::Selected& selected = due.selected[side];
  if (!due.sides[side]) return *known[side];
  store::SideState state{selected.uidValidity, selected.uidNext, selected.highestModSeq, selected.exists};
  // Some tell a number without keeping it.
  if (servers[side]->means().collect == Means::Collect::everything) state.highestModSeq = {0};
  return state;
}

store::SideState Work::begun(Side side) const {
  return known[side] ? *known[side] : store::SideState{due.selected[side].uidValidity, {0}, {0}};
}

Server& Work::at(Side side) const {
  servers[side]->ensureSelected(mailbox.wire[side]);
  return *servers[side];
}

void Work::fail(Side side, const std::string& text, ExitStatus status) {
  if (!over_) log.error(about(side), text, status);
  over_ = true;
}

void Work::failOrTryAgain(Side side, bool again, const std::string& text, ExitStatus status) {
  if (!again || due.byItself) return fail(side, text, status);
  if (over_) return;
  Due once = due;
  once.sides = {true, true};
  once.byItself = true;
  startAgain(std::move(once));
}

void Work::startAgain(Due due_) {
  over_ = true;
  due_.alone = due.alone;
  due_.unnamed = due.unnamed;
  due_.byItself = due_.byItself || due.byItself;
  next = std::move(due_);
}

}  // namespace interimap
