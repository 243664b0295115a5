// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pass/application.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "sync/pass/marks.h"
#include "sync/peers/for_the_moment.h"

namespace interimap {

namespace {

using Items = request::Fetch::Items;
using Step = request::Expunge::Step;

bool isSystem(std::string_view flag) { return flag.starts_with('\\'); }

Uid uidOn(Side side, const store::Pair& pair) { return side == Side::local ? pair.local : pair.remote; }

}  // namespace

void Application::begin(const Both<Lanes*>& lanes, BothChanges& changes) {
  for (Side side : kSides) {
    left_ = left_ || todo_.heldBack[side];
    store(side, request::Store::Change::add, plan().todo[side].add);
    store(side, request::Store::Change::remove, plan().todo[side].remove);
  }
  load(lanes, changes);
}

// System flags together, each keyword by itself: a server that refuses one of them shall have the others.
void Application::store(Side side, request::Store::Change change, const std::vector<FlagUpdate>& updates) {
  std::map<std::string, UidSet> byFlags;
  for (const FlagUpdate& update : updates) {
    Flags system = update.flags.only(isSystem);
    if (!system.empty()) byFlags[system.text()].add(update.uids);
    (update.flags - system).each([&](std::string_view keyword) {
      byFlags[std::string(keyword)].add(update.uids);
    });
  }
  for (auto& [text, uids] : byFlags) {
    const std::size_t at = stores_.size();
    Stored& stored = stores_.emplace_back(Stored{side, *Flags::parse(text), std::move(uids), {}, {}});
    stored.reply = work_.at(side).store(stored.uids, change, stored.flags,
                                        [this, side, at](const answer::Message& message) {
                                          if (!message.flags) return;
                                          storedFlags_[side].insert_or_assign(message.uid, *message.flags);
                                          stores_[at].shown.add(message.uid);
                                        });
  }
}

// What is copied is what its server hung up at, and nothing else.
bool Application::hungUpAtAppend(Side target) const {
  if (work_.due.alone == 0) return false;
  return std::ranges::any_of(work_.store.hangups(), [&](const store::Hangup& hangup) {
    return hangup.id == work_.due.alone && hangup.side == target &&
           hangup.asked == store::Hangup::Asked::append;
  });
}

// What a server hung up at is sent, and what was left from before: the next pass is told the flags of what is
// new only.
std::vector<store::Named> Application::ofNew(Side source, const std::vector<store::Named>& names) const {
  std::vector<store::Named> out;
  if (work_.due.alone != 0) return out;
  const auto& known = work_.known[source];
  std::ranges::copy_if(names, std::back_inserter(out), [&](const store::Named& it) {
    return !known || it.uid.value() >= known->uidNext.value;
  });
  return out;
}

void Application::load(const Both<Lanes*>& lanes, BothChanges& changes) {
  for (Side source : kSides) {
    if (!changes[source]) continue;
    store::SideState target = work_.reached(other(source));
    lanes[source]->add(
        {&work_.mailbox, std::exchange(changes[source]->fresh, {}), target.uidNext, work_.validity(source),
         target.uidValidity, work_.access(other(source)), work_.due.byItself, hungUpAtAppend(other(source))},
        ofNew(source, changes[source]->names));
  }
}

UidSet Application::toExpunge(Side side) const {
  UidSet uids = plan().todo[side].expunge;
  for (const auto& [uid, _] : work_.surplus[side]) uids.add(UidSet::single(uid));
  return uids;
}

// UIDs may have come to mean others since the mailbox was listed: it was deleted and made again. What is
// selected stays the same mailbox whatever becomes of its name, so where its UIDVALIDITY is known to fit,
// both commands may follow. But only one mailbox can be selected, and to wait for each would cost a round
// trip each: the others are marked \Deleted in one flight, and expunged in the next one as far as that was
// the right mailbox. If its name changes hands once more, UID EXPUNGE finds nothing that is \Deleted.
void Application::verify() {
  for (Side side : kSides)
    if (UidSet uids = toExpunge(side); !uids.empty())
      removals_[side] =
          Removal{std::move(uids), work_.servers[side]->ensureSelected(work_.mailbox.wire[side]), {}, {}, {}};
}

void Application::mark() {
  for (Side side : kSides) {
    if (!removals_[side] || !work_.servers[side]->means().expunges) continue;
    Removal& removal = *removals_[side];
    if (!isSame(side, removal.selected)) {
      leaveUnexpunged(side);
    } else if (work_.servers[side]->hasSelected(work_.mailbox.wire[side])) {
      removal.expunged = work_.at(side).expunge(removal.uids);
    } else {
      removal.selected = work_.servers[side]->ensureSelected(work_.mailbox.wire[side]);
      removal.marked = work_.at(side).expunge(removal.uids, Step::mark);
    }
  }
}

void Application::expunge() {
  for (Side side : kSides) {
    if (!removals_[side]) continue;
    if (!work_.servers[side]->means().expunges) {
      expungeAlone(side);
      continue;
    }
    if (!removals_[side]->marked) continue;
    Removal& removal = *removals_[side];
    if (!isSame(side, removal.selected)) {
      // Whatever was marked in the other mailbox.
      removal.unmarked =
          work_.at(side).store(removal.uids, request::Store::Change::remove, *Flags::parse("\\Deleted"), {});
      leaveUnexpunged(side);
    } else if (!removal.marked->done().ok()) {
      work_.log.error(work_.about(side), words(removal.marked->done()), ExitStatus::tryAgain);
      left_ = true;
    } else {
      removal.selected = work_.servers[side]->ensureSelected(work_.mailbox.wire[side]);
      removal.expunged = work_.at(side).expunge(removal.uids, Step::remove);
    }
  }
}

// Some offer UIDPLUS and refuse UID EXPUNGE: the Bridge of Proton was one. What is refused for the moment, or
// to this user, would be so once more; and with VANISHED it is a mailbox that was renamed meanwhile.
bool Application::isRefused(Removal& removal) const {
  if (!removal.expunged) return false;
  const answer::Done& done = removal.expunged->done();
  return !done.ok() && !isForTheMoment(done) && done.code != "NOPERM" && done.code != "READ-ONLY" &&
         removal.expunged->get().empty();
}

void Application::expungeRefused() {
  for (Side side : kSides) {
    if (!removals_[side] || !work_.servers[side]->means().expunges || !isRefused(*removals_[side])) continue;
    if (!isSame(side, removals_[side]->selected)) continue;
    work_.log.warning(work_.about(side), "Server offers UID EXPUNGE (UIDPLUS), and refuses it: " +
                                             words(removals_[side]->expunged->done()) + ". Trying EXPUNGE.");
    removals_[side]->expunged.reset();
    expungeAlone(side);
  }
}

// Without UID EXPUNGE: nothing else may be marked meanwhile.
void Application::expungeAlone(Side side) {
  Removal& removal = *removals_[side];
  removal.selected = work_.servers[side]->ensureSelected(work_.mailbox.wire[side]);
  if (!isSame(side, removal.selected)) return leaveUnexpunged(side);
  std::optional<UidSet> before = setMarksAside(work_, side, removal.uids);
  if (!before)
    return leave(side, "Couldn't take \\Deleted off messages that are not ours to expunge: not expunging " +
                           removal.uids.text());
  removal.expunged = work_.at(side).expunge(removal.uids, Step::all);
  removal.expunged->done();  // before anything is marked again
  removal.takenAlong = takenAlong(work_, side, before->minus(removal.uids));
  if (!restoreMarks(work_, side))
    leave(side, "Couldn't mark messages \\Deleted again that somebody else had marked; the next run does");
}

bool Application::isSame(Side side, Reply<answer::Selected>& selected) const {
  return selected.done().ok() && selected.get().uidValidity == work_.validity(side);
}

void Application::leaveUnexpunged(Side side) {
  left_ = true;
  if (const answer::Done& done = removals_[side]->selected.done(); done.code == answer::kUnreadable)
    return work_.failOrTryAgain(side, true, words(done), ExitStatus::tryAgain);
  work_.log.error(
      work_.about(side),
      "Mailbox was deleted and re-created meanwhile (UIDVALIDITY changed), or cannot be selected any "
      "more: not expunging " +
          removals_[side]->uids.text(),
      ExitStatus::tryAgain);
}

void Application::leave(Side side, const std::string& text) {
  work_.log.warning(work_.about(side), text);
  work_.log.worsen(ExitStatus::tryAgain);
  left_ = true;
}

// A keyword that is refused, and not for the moment, is not tried again: too long for this server, or one too
// many.
void Application::finishStores() {
  for (Stored& stored : stores_) {
    const answer::Done& done = stored.reply.done();
    std::string flags = stored.flags.text();
    if (done.ok()) {
      silent_[stored.side][flags].add(stored.uids.minus(stored.shown));
    } else if (isSystem(flags) || isForTheMoment(done)) {
      work_.log.error(work_.about(stored.side), "Couldn't update flags: " + words(done),
                      ExitStatus::tryAgain);
      left_ = true;
      silent_[stored.side][flags].add(stored.uids);
    } else {
      work_.log.error(work_.about(stored.side),
                      "Couldn't update flags (" + flags + ") for UID " + stored.uids.text() + ": " +
                          words(done) + ". This keyword is left out.",
                      ExitStatus::tryAgain);
      refused_[stored.side][flags].add(stored.uids);
    }
  }
}

// Whether it is known what one side of a pair has now. What its server refuses or does not do, though it
// takes the command, is not asked for again: in the base is what the side has. A server that has not answered
// to a STORE may do it another time, even if it has answered to the next one.
bool Application::finishFlags(Side side, const Plan::Agreed& agreed, Flags& base) {
  Flags add = agreed.add[side], remove = agreed.remove[side];
  if (add.empty() && remove.empty()) return true;
  Uid uid = side == Side::local ? agreed.local : agreed.remote;
  for (const auto& [text, uids] : refused_[side]) {
    if (!uids.contains(uid)) continue;
    Flags keyword = *Flags::parse(text);
    base = (base - (add & keyword)) | (remove & keyword);
    add = add - keyword;
    remove = remove - keyword;
  }
  if (add.empty() && remove.empty()) return true;
  auto shown = storedFlags_[side].find(uid);
  if (shown == storedFlags_[side].end()) {
    undone_[side][agreed.base.text()].add(uid);
    return false;
  }
  Flags missing = add - shown->second, surplus = remove & shown->second, dropped = missing | surplus;
  for (const auto& [text, uids] : silent_[side])
    if (uids.contains(uid) && !(dropped & *Flags::parse(text)).empty()) {
      undone_[side][agreed.base.text()].add(uid);
      return false;
    }
  base = (base - missing) | surplus;
  if (dropped.empty())
    updated_[side][agreed.base.text()].add(uid);
  else
    dropped_[side][dropped.text()].add(uid);
  return true;
}

// A pair agrees once the server shows what was stored. If it shows more than that, somebody else was there
// too, and the next pass sees it.
void Application::finishFlags() {
  finishStores();
  for (const Plan::Agreed& agreed : plan().agreed) {
    Flags base = agreed.base;
    bool here = finishFlags(Side::local, agreed, base), there = finishFlags(Side::remote, agreed, base);
    if (here && there) work_.store.setBase(work_.mailbox.id, agreed.local, base);
  }
  for (Side side : kSides) {
    for (const auto& [flags, uids] : updated_[side]) {
      work_.log.done().flagsUpdated += uids.size();
      work_.log.info(work_.about(side), "Updated flags (" + flags + ") for UID " + uids.text());
    }
    for (const auto& [flags, uids] : dropped_[side])
      work_.log.caution(
          work_.about(side),
          "Flags (" + flags + ") for UID " + uids.text() +
              " are not as they were stored: the server does not keep them. They stay as they are "
              "on the other side.",
          ExitStatus::tryAgain);
    for (const auto& [flags, uids] : undone_[side])
      leave(side, "Couldn't update flags (" + flags + ") for UID " + uids.text() + ", will try again later");
  }
}

// VANISHED is not always sent: what it did not name is asked for.
UidSet Application::stillThere(Side side, const UidSet& uids) {
  UidSet there;
  if (uids.empty()) return there;
  if (work_.servers[side]->means().collect == Means::Collect::everything) {  // see Questions::whetherGone()
    auto found = work_.at(side).search(UidSet::from(UidNext{1}));
    return found.done().ok() ? uids.intersect(found.get()) : uids;
  }
  auto reply = work_.at(side).fetch(uids, Items::flags,
                                    [&](const answer::Message& message) { there.add(message.uid); });
  return reply.done().ok() ? there : uids;
}

void Application::finishExpunge(Side side) {
  if (!removals_[side]) return;
  Removal& removal = *removals_[side];
  if (removal.unmarked) removal.unmarked->get();
  if (!removal.expunged) return;
  const UidSet& asked = removal.uids;
  const answer::Done& done = removal.expunged->done();
  if (!isSame(side, removal.selected)) return leaveUnexpunged(side);
  // With a NO, VANISHED tells nothing: a mailbox that was renamed meanwhile says it of every message.
  UidSet left = done.ok() ? stillThere(side, asked.minus(removal.expunged->get())) : asked;
  if (!done.ok()) work_.log.error(work_.about(side), words(done), ExitStatus::tryAgain);
  copyBack(side, removal.takenAlong);
  UidSet gone = asked.minus(left);
  finishSurplus(side, gone);
  for (UidSet* uids : {&left, &gone})
    for (const auto& [uid, _] : work_.surplus[side]) uids->remove(UidSet::single(uid));
  if (!left.empty()) leave(side, "Couldn't UID EXPUNGE " + left.text());
  if (gone.empty()) return;
  for (Uid uid : gone.intersect(work_.refused[side]).each())
    work_.store.unrefuse(work_.mailbox.id, side, uid);
  for (const store::Pair& pair : work_.store.pairs(work_.mailbox.id, side, gone))
    work_.store.unmap(work_.mailbox.id, pair.local);
  expunged_[side] = gone.size();
  work_.log.done().expunged += gone.size();
  work_.log.info(work_.about(side).with(gone),
                 "Removed " + std::to_string(gone.size()) + " UID(s) " + gone.text());
}

// Somebody marked them, or expunged them, in that moment: nobody can tell. What both sides had is still
// there.
void Application::copyBack(Side side, const UidSet& taken) {
  UidSet again;
  for (const store::Pair& pair : work_.store.pairs(work_.mailbox.id, side, taken)) {
    work_.store.unmap(work_.mailbox.id, pair.local);
    again.add(uidOn(other(side), pair));
  }
  for (Uid uid : again.each())
    work_.store.refuse(work_.mailbox.id, other(side), uid, store::Refusal::unsent, "");
  owed_[other(side)] = !again.empty();
  if (!again.empty())
    work_.log.warning(work_.about(side), "UID(s) " + taken.text() +
                                             " went with what was expunged here, as somebody marked them "
                                             "\\Deleted at that moment. Copying " +
                                             nameOf(other(side)) + " UID(s) " + again.text() + " back.");
}

// A second copy that cannot be removed stays, and is known as what it is.
void Application::finishSurplus(Side side, const UidSet& gone) {
  UidSet removed, left;
  for (const auto& [uid, stray] : work_.surplus[side]) {
    (gone.contains(uid) ? removed : left).add(UidSet::single(uid));
    if (!gone.contains(uid)) work_.store.refuse(work_.mailbox.id, side, uid, store::Refusal::surplus, "");
    work_.store.forgetStray(stray);
  }
  if (!removed.empty())
    work_.log.info(work_.about(side),
                   "Removed " + std::to_string(removed.size()) + " UID(s) " + removed.text() +
                       ": second copies, which an interrupted run had sent and which arrived late");
  if (!left.empty())
    work_.log.warning(work_.about(side), "UID(s) " + left.text() +
                                             " are second copies, which an interrupted run had sent and "
                                             "which arrived late. They cannot be removed, and stay on this "
                                             "side only.");
}

// The pairs are none any more: each message stays where it is, and is not copied back.
void Application::recordWithheld(Side side) {
  for (Uid uid : denied_[side].each())
    work_.store.refuse(work_.mailbox.id, side, uid, store::Refusal::denied, "");
  for (const store::Pair& pair : work_.store.pairs(work_.mailbox.id, side, todo_.kept[side])) {
    work_.store.unmap(work_.mailbox.id, pair.local);
    work_.store.refuse(work_.mailbox.id, side, uidOn(side, pair), store::Refusal::kept, "");
  }
  for (const store::Pair& pair : work_.store.pairs(work_.mailbox.id, side, todo_.parted[side])) {
    work_.store.unmap(work_.mailbox.id, pair.local);
    work_.store.refuse(work_.mailbox.id, side, uidOn(side, pair), store::Refusal::parted,
                       work_.mailbox.policy.whyKept(side));
  }
}

bool Application::finish() {
  finishFlags();
  for (Side side : kSides) finishExpunge(side);
  for (Side side : kSides) recordWithheld(side);
  for (Uid local : plan().forget) work_.store.unmap(work_.mailbox.id, local);
  return !left_;
}

}  // namespace interimap
