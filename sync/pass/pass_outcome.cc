// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Pass: what became of it, and what is written down.
#include "sync/pass/pass.h"

#include <algorithm>

#include "ipc/side.h"

namespace interimap {

namespace {

using Items = request::Fetch::Items;

}  // namespace

// How far a side is synchronised by this pass; at the start of a first one: not at all.
store::SideState Pass::reached(Side side, bool atStart) const {
  if (!changes_[side]) return *known_[side];
  const answer::Selected& selected = changes_[side]->selected();
  if (atStart) return known_[side] ? *known_[side] : store::SideState{selected.uidValidity, {0}, {0}};
  return {selected.uidValidity, selected.uidNext, selected.highestModSeq};
}

// A pair agrees once the server shows what was stored. If it shows more than that, somebody else was there
// too, and the next pass sees it.
void Pass::finishFlags() {
  for (auto& [side, reply] : stores_)
    if (!reply.done().ok()) {
      log_.error(at(side), "Couldn't update flags: " + words(reply.done()), ExitStatus::tryAgain);
      held_ = true;
    }
  Both<std::map<std::string, UidSet>> updated, refused;
  for (const Plan::Agreed& agreed : plan_.agreed) {
    bool reachedBoth = true;
    for (Side side : kSides) {
      if (agreed.add[side].empty() && agreed.remove[side].empty()) continue;
      Uid uid = side == Side::local ? agreed.local : agreed.remote;
      auto it = storedFlags_[side].find(uid);
      bool done = it != storedFlags_[side].end() && (agreed.add[side] - it->second).empty() &&
                  (agreed.remove[side] & it->second).empty();
      (done ? updated : refused)[side][agreed.base.text()].add(uid);
      reachedBoth = reachedBoth && done;
    }
    if (reachedBoth) store_.setBase(mailbox_.id, agreed.local, agreed.base);
  }
  for (Side side : kSides) {
    for (const auto& [flags, uids] : updated[side]) log_.done().flagsUpdated += uids.size();
    for (const auto& [flags, uids] : updated[side])
      log_.info(at(side), "Updated flags (" + flags + ") for UID " + uids.text());
    for (const auto& [flags, uids] : refused[side]) {
      log_.warning(at(side),
                   "Couldn't update flags (" + flags + ") for UID " + uids.text() + ", will try again later");
      log_.worsen(ExitStatus::tryAgain);
      held_ = true;
    }
  }
}

// VANISHED is not always sent: what it did not name is asked for.
UidSet Pass::stillThere(Side side, const UidSet& uids) {
  UidSet there;
  if (uids.empty()) return there;
  servers_[side]->ensureSelected(mailbox_.wire[side]);
  auto reply = servers_[side]->fetch(uids, Items::flags,
                                     [&](const answer::Message& message) { there.add(message.uid); });
  return reply.done().ok() ? there : uids;
}

void Pass::finishExpunge(Side side) {
  if (!expunges_[side]) return;
  const UidSet& asked = plan_.todo[side].expunge;
  const answer::Done& done = expunges_[side]->done();
  // With a NO, VANISHED tells nothing: a mailbox that was renamed meanwhile says it of every message.
  UidSet left = done.ok() ? stillThere(side, asked.minus(expunges_[side]->get())) : asked;
  if (!done.ok()) log_.error(at(side), words(done), ExitStatus::tryAgain);
  if (!left.empty()) {
    log_.warning(at(side), "Couldn't UID EXPUNGE " + left.text());
    log_.worsen(ExitStatus::tryAgain);
    held_ = true;
  }
  UidSet gone = asked.minus(left);
  if (gone.empty()) return;
  for (Uid uid : gone.intersect(refused_[side]).each()) store_.unrefuse(mailbox_.id, side, uid);
  for (const store::Pair& pair : store_.pairs(mailbox_.id, side, gone)) store_.unmap(mailbox_.id, pair.local);
  log_.done().expunged += gone.size();
  log_.info(at(side), "Removed " + std::to_string(gone.size()) + " UID(s) " + gone.text());
}

// The pairs are none any more: each message stays where it is, and is not copied back.
void Pass::recordWithheld(Side side) {
  for (Uid uid : denied_[side].each()) store_.refuse(mailbox_.id, side, uid, store::Refusal::denied, "");
  for (const store::Pair& pair : store_.pairs(mailbox_.id, side, kept_[side])) {
    store_.unmap(mailbox_.id, pair.local);
    store_.refuse(mailbox_.id, side, side == Side::local ? pair.local : pair.remote, store::Refusal::kept,
                  "");
  }
}

void Pass::finish(const Both<Lanes*>& lanes) {
  if (failed_) return;
  finishFlags();
  for (Side side : kSides) finishExpunge(side);
  for (Side side : kSides) recordWithheld(side);
  for (Uid local : plan_.forget) store_.unmap(mailbox_.id, local);
  for (Side side : kSides) held_ = held_ || lanes[side]->tally().confused.contains(&mailbox_);
  if (held_) return;
  store_.putState(mailbox_.id, reached(Side::local, false), reached(Side::remote, false));
  decideNext(lanes);
}

void Pass::decideNext(const Both<Lanes*>& lanes) {
  Due next = due_;
  next.again = true;
  next.full = next.afresh = false;
  for (Side side : kSides)
    next.sides[side] = plan_.writes(side) || lanes[other(side)]->tally().appendedTo.contains(&mailbox_) ||
                       lanes[side]->tally().incomplete.contains(&mailbox_);
  for (Side side : kSides)
    next.copies[side] = std::make_shared<const Copies>(lanes[other(side)]->takeCopies(mailbox_));
  if (!next.sides.local && !next.sides.remote) {
    std::string text = misfit();
    if (text.empty()) return;
    // A message may have come or gone between SELECT and FETCH: first another look.
    next.sides = {true, true};
    next.full = ++next.doubts == 2;
    if (next.full) log_.warning(at(Side::local), text + ". Comparing every message.");
    if (next.doubts > 2) return log_.warning(at(Side::local), text + ", and every message was compared.");
  }
  next_ = next;
}

// Whether the servers have as many messages as we know of. What else there is, is another pass's matter.
std::string Pass::misfit() const {
  std::uint64_t pairs = store_.count(mailbox_.id);
  for (const store::RefusedMessage& refused : store_.refused(mailbox_.id))
    if (refused.kind == store::Refusal::unsent) return {};
  for (Side side : kSides) {
    if (!store_.journal(mailbox_.id, side).intents.empty()) return {};
    std::uint64_t known = pairs + store_.refusedUids(mailbox_.id, side).size();
    if (due_.selected[side].exists != known)
      return std::string(servers_[side]->name()) + " has " + std::to_string(due_.selected[side].exists) +
             " messages, not the " + std::to_string(known) + " that are known";
  }
  return {};
}

}  // namespace interimap
