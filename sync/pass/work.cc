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
  Both<UidSet> avoided;
  for (const store::Hangup& hangup : store.hangups(mailbox.id)) {
    using Asked = store::Hangup::Asked;
    if (hangup.id == due.alone) continue;
    switch (hangup.asked) {
      case Asked::mailbox: break;  // Passes
      case Asked::messages: avoided[hangup.side].add(hangup.uids); break;
      case Asked::append: apart.messages[other(hangup.side)].add(hangup.uids); break;
      case Asked::flags:
      case Asked::expunge: apart.changes[hangup.side].add(hangup.uids); break;
    }
  }
  for (Side side : kSides) {
    apart.messages[side].add(avoided[side]);
    servers[side]->avoid(mailbox.wire[side], std::move(avoided[side]));
  }
}

void Work::leaveNothingOut(Side side) {
  apart.messages[side] = apart.changes[side] = {};
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
