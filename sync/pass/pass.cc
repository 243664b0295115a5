// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pass/pass.h"

#include <algorithm>
#include <ctime>
#include <utility>

#include "sync/pass/copy_check.h"
#include "sync/pass/repair.h"
#include "sync/pass/resumption.h"
#include "sync/pass/surplus.h"
#include "sync/pass/touched.h"
#include "sync/pass/witnesses.h"

namespace interimap {

Pass::Pass(const settings::Sync& settings, Both<Server*> servers, store::Store& store, Log& log, Due due)
    : work_(settings, servers, store, log, std::move(due)) {}

void Pass::ask() {
  Extent extent = work_.due.afresh ? Extent::afresh : work_.isFull() ? Extent::everything : Extent::news;
  for (Side side : kSides) {
    if (!work_.due.sides[side]) continue;
    std::optional<store::SideState> known = work_.known[side];
    if (known && work_.due.rebuilt[side]) known->highestModSeq = {0};
    collectors_[side] = Collector::make(
        {*work_.servers[side], work_.store, work_.mailbox, known, extent, work_.due.copies[side].get()},
        work_.due.bare[side]);
    collectors_[side]->ask();
  }
}

bool Pass::isListed() const {
  return std::ranges::all_of(kSides,
                             [&](Side side) { return !collectors_[side] || collectors_[side]->isTold(); });
}

bool Pass::isAnswered() const { return questions_.isAnswered(); }

bool Pass::collect() {
  Both<std::optional<Trouble>> troubles;
  for (Side side : kSides) {
    if (!collectors_[side]) continue;
    auto collected = collectors_[side]->collect();
    collectors_[side].reset();
    work_.due.selected[side] = std::move(collected.selected);
    troubles[side] = std::move(collected.trouble);
    changes_[side] = std::move(collected.changes);
  }
  if (recovers(work_, troubles) || isBare(troubles) || isRebuilt(troubles)) return false;
  for (Side side : kSides)
    if (troubles[side]) report(side, *troubles[side]);
  return !work_.isOver();
}

// A server that made its index anew does not know what changed when. Its UIDs hold: another pass compares
// everything, and what is not there any more has been expunged.
bool Pass::isRebuilt(const Both<std::optional<Trouble>>& troubles) {
  Due due{.mailbox = &work_.mailbox, .again = work_.due.again, .full = true};
  bool any = false;
  for (Side side : kSides) {
    due.rebuilt[side] = troubles[side] && troubles[side]->rebuilt;
    any = any || due.rebuilt[side];
    if (troubles[side] && !troubles[side]->rebuilt) return false;
  }
  if (!any) return false;
  for (Side side : kSides)
    if (due.rebuilt[side])
      work_.log.warning(work_.about(side), troubles[side]->text + " Comparing every message.");
  due.expunged = work_.due.expunged;
  work_.startAgain(std::move(due));
  return true;
}

// A mailbox that has no mod-sequences any more, on a server that has: as if the server had none.
bool Pass::isBare(const Both<std::optional<Trouble>>& troubles) {
  Due due = work_.due;
  bool any = false;
  for (Side side : kSides) {
    if (troubles[side] && !troubles[side]->bare) return false;
    due.bare[side] = due.bare[side] || troubles[side];
    any = any || troubles[side];
  }
  if (any) work_.startAgain(std::move(due));
  return any;
}

void Pass::report(Side side, const Trouble& trouble) {
  work_.failOrTryAgain(side, trouble.again,
                       trouble.text + (trouble.afresh ? startAfresh(work_.mailbox, side) : ""),
                       trouble.status);
  if (!trouble.hold || work_.settings.dryRun) return;
  store::Transaction transaction = work_.store.begin();
  work_.store.hold(work_.mailbox.id, side, trouble.text);
  transaction.commit("hold");
}

void Pass::clarify() {
  if (!collect()) return;
  for (Side side : kSides) {
    if (changes_[side] && !changes_[side]->doubtful.empty()) checkCopies(work_, changes_, side);
    if (work_.isOver()) return;
  }
  for (Side side : kSides)
    if (work_.due.rebuilt[side]) changes_[side]->gone.add(std::exchange(changes_[side]->lost, {}));
  if (work_.isFull()) redo_ = findLost(work_, changes_);
  for (Side side : kSides)
    if (changes_[side]) questions_.ask(side, redo_[side]);
  pairing_.ask();
}

// Whether what clarify() asked has been answered. What was sent is waited for in any case: answers are to
// find us alive.
bool Pass::settle() {
  if (work_.isOver()) return false;
  bool settled = questions_.settle();
  pairing_.wait();
  return settled && weigh();
}

// A message may have come or gone between SELECT and what was asked behind it: first another look. Then what
// is missing stays on the other side, and the next run looks again.
bool Pass::weigh() {
  for (Side side : kSides) {
    if (!changes_[side] || !changes_[side]->doubt) continue;
    const Changes::Doubt& doubt = *changes_[side]->doubt;
    bool number = doubt.why == Changes::Doubt::Why::number;
    if (number && !work_.due.recounted) {
      Due due = work_.due;
      due.recounted = true;
      work_.startAgain(std::move(due));
      return false;
    }
    work_.log.warning(work_.about(side), text(doubt));
    if (number) work_.log.worsen(ExitStatus::tryAgain);
  }
  return true;
}

void Pass::begin(Both<Lanes*> lanes) {
  if (!settle()) return;
  for (Side side : kSides)
    if (changes_[side]) leaveDropped(work_, changes_, side);
  if (work_.due.afresh) {
    if (!pairing_.find({}) || !pairing_.isRecognised()) return;
    joined_ = pairing_.startOver();
  }
  for (Side side : kSides)
    if (changes_[side] && !work_.due.again) reportStrangers(work_, changes_, side);
  if (!resume()) return;
  if (!work_.due.afresh && !leaveSurplus()) return;
  if (work_.isFull()) reportUnmatched(work_, changes_, redo_);
  UidSet recognised;
  for (const Touched& touched : joined_) recognised.add(touched.local);
  Restrained decided = decide();
  if (work_.isFull()) reportUnreported(work_, changes_, decided.plan);
  rememberBrake(decided);
  for (Side side : kSides)
    if (decided.heldBack[side])
      work_.log.error(work_.about(side), "Not expunging " + text(*decided.heldBack[side]),
                      ExitStatus::tryAgain);
  reportConflicts(decided.plan, recognised);
  setApart();
  application_.emplace(work_, std::move(decided), deny());
  application_->begin(lanes, changes_);
}

// Messages that were recognised have no flags in common yet: how many of them differ is enough to know.
void Pass::reportConflicts(const Plan& plan, const UidSet& recognised) {
  std::uint64_t differ = 0;
  for (const Plan::Conflict& conflict : plan.conflicts) {
    if (recognised.contains(conflict.local)) {
      ++differ;
      continue;
    }
    work_.log.warning(work_.about(Side::local),
                      "Conflicting flag update in " + work_.mailbox.shown() + " for local UID " +
                          std::to_string(conflict.local.value()) + " (" + conflict.here.text() +
                          ") and remote UID " + std::to_string(conflict.remote.value()) + " (" +
                          conflict.there.text() + "): setting both to the union (" + conflict.both.text() +
                          ")");
  }
  if (differ > 0)
    work_.log.warning(work_.about(Side::local),
                      "Conflicting flag update in " + work_.mailbox.shown() + " for " +
                          std::to_string(differ) +
                          " message(s) that both sides have already: setting both to the union");
}

// Brings the database to where an interrupted run left the servers, or makes the first entry; what both sides
// have already is paired.
bool Pass::resume() {
  bool isFirst = !work_.known.local || !work_.known.remote, unfinished = isFirst || pairing_.isAsked();
  for (Side side : kSides)
    unfinished = unfinished || !work_.refused[side].empty() || !redo_[side].empty() ||
                 !questions_.answers.candidates[side].empty() ||
                 !work_.store.journal(work_.mailbox.id, side).intents.empty();
  if (!unfinished) return true;
  store::Transaction transaction = work_.store.begin();
  if (isFirst) work_.store.putState(work_.mailbox.id, work_.begun(Side::local), work_.begun(Side::remote));
  for (Side side : kSides)
    for (const store::Pair& pair : work_.store.pairs(work_.mailbox.id, side, redo_[side]))
      work_.store.unmap(work_.mailbox.id, pair.local);
  Resumption resumption(work_, changes_, questions_.answers);
  if (!resumption.run()) return false;
  if (pairing_.isAsked()) {
    if (!pairing_.find(resumption.departed())) return false;
    joined_ = pairing_.join();
  }
  transaction.commit("resume");
  return true;
}

// What is new, but for somebody else's copies.
bool Pass::leaveSurplus() {
  Surplus surplus(work_, changes_);
  for (Side side : kSides) {
    if (!changes_[side]) continue;
    std::ranges::move(surplus.find(side), std::back_inserter(joined_));
    if (work_.isOver()) return false;
  }
  return true;
}

// What is to be done, and what of it is not. Flags that may not be stored are told of here: that is all that
// is ever said of them, while messages that stay on one side alone are reported at the end of every run.
Restrained Pass::decide() {
  Both<Access> access{work_.access(Side::local), work_.access(Side::remote)};
  std::vector<Touched> touched = std::exchange(joined_, {});
  std::ranges::move(touchedPairs(work_, changes_, questions_.answers), std::back_inserter(touched));
  // A flag that a server lost with its index has not been removed.
  for (Touched& pair : touched)
    for (Side side : kSides)
      if (work_.due.rebuilt[side] && pair.base && pair.now[side]) pair.base = *pair.base & *pair.now[side];
  leaveApart(touched);
  Plan plan = reconcile(touched, access);
  Both<Past> past;
  for (Side side : kSides) {
    past[side].expunged = work_.due.expunged[side];
    past[side].brake = work_.store.brake(work_.mailbox.id, side);
    if (changes_[side])
      for (const store::RefusedMessage& refused : work_.store.refused(work_.mailbox.id))
        if (refused.source == side && refused.kind == store::Refusal::kept) past[side].kept.add(refused.uid);
    if (plan.todo[side].expunge.empty() && past[side].kept.empty()) continue;
    past[side].messages = work_.store.count(work_.mailbox.id) + past[side].kept.size();
  }
  const settings::Sync& settings = work_.settings;
  Restrained decided = restrain(
      std::move(plan), access, {settings.maxDeletions, settings.forceDeletions},
      past, std::time(nullptr));
  for (Side side : kSides) reportWithheld(decided.plan, side);
  return decided;
}

// A server hung up when it was to store their flags, or to expunge them.
void Pass::leaveApart(std::vector<Touched>& touched) {
  const Both<UidSet>& apart = work_.apart.changes;
  if (apart.local.empty() && apart.remote.empty()) return;
  auto before = touched.size();
  std::erase_if(touched, [&](const Touched& pair) {
    return apart.local.contains(pair.local) || apart.remote.contains(pair.remote);
  });
  leftApart_ = touched.size() < before;
  for (Side side : kSides)
    std::erase_if(work_.surplus[side], [&](const auto& copy) { return apart[side].contains(copy.first); });
}

// They stay on this side, and the others go on. Should one have been sent before, it is a stray by now
// (Resumption).
void Pass::setApart() {
  for (Side side : kSides) {
    if (!changes_[side] || work_.apart.messages[side].empty()) continue;
    UidSet apart;
    std::erase_if(changes_[side]->fresh, [&](const Fresh& fresh) {
      bool isApart = work_.apart.messages[side].contains(fresh.uid);
      if (isApart) apart.add(fresh.uid);
      return isApart;
    });
    if (apart.empty() || work_.settings.dryRun) continue;
    store::Transaction transaction = work_.store.begin();
    work_.store.settle(work_.mailbox.id, other(side), apart);
    for (Uid uid : apart.each()) work_.store.refuse(work_.mailbox.id, side, uid, store::Refusal::apart, "");
    transaction.commit("apart");
  }
}

void Pass::reportWithheld(const Plan& plan, Side side) {
  auto say = [&](const std::string& text) {
    work_.log.caution(work_.about(side), text, ExitStatus::tryAgain);
  };
  UidSet all;
  for (const FlagUpdate& update : plan.todo[side].withheld) {
    all.add(update.uids);
    if (!work_.access(side).readOnly)
      say("Not updating flags (" + update.flags.text() + ") of UID " + update.uids.text() +
          ": the server does not let them be stored here.");
  }
  if (!all.empty() && work_.access(side).readOnly)
    say("Mailbox is READ-ONLY: not updating flags of UID " + all.text());
}

// What is new and stays where it is: the other side may not be written to. The rest goes on.
Both<UidSet> Pass::deny() {
  Both<UidSet> denied;
  for (Side side : kSides)
    if (changes_[side] && work_.access(other(side)).readOnly)
      for (const Fresh& fresh : std::exchange(changes_[side]->fresh, {})) denied[side].add(fresh.uid);
  return denied;
}

// A side that was not asked may lack messages all the same.
void Pass::rememberBrake(const Restrained& decided) {
  for (Side side : kSides) {
    const auto& brake = decided.brake[side];
    if (!changes_[other(side)] || brake == work_.store.brake(work_.mailbox.id, side)) continue;
    store::Transaction transaction = work_.store.begin();
    work_.store.setBrake(work_.mailbox.id, side, brake);
    transaction.commit("brake");
  }
}

void Pass::preview() {
  if (!settle()) return;
  if (pairing_.isAsked()) {
    if (!pairing_.find({}) || (work_.due.afresh && !pairing_.isRecognised())) return;
    joined_ = pairing_.preview();
  }
  Restrained decided = decide();
  setApart();
  Both<UidSet> denied = deny();
  for (Side side : kSides) {
    auto say = [&](const std::string& what) { work_.log.notice(work_.about(side), what); };
    auto count = [](const UidSet& uids) { return std::to_string(uids.size()) + " UID(s)"; };
    UidSet add;
    for (const Fresh& fresh : changes_[other(side)]->fresh) add.add(fresh.uid);
    add = add.minus(work_.refused[other(side)]);
    std::string from = std::string(" <- ") + work_.servers[other(side)]->name() + " UID ";
    if (!add.empty()) say("Would add " + count(add) + from + add.text());
    if (const UidSet& uids = denied[other(side)]; !uids.empty())
      say("Mailbox is READ-ONLY: would not add " + count(uids) + from + uids.text());
    for (const FlagUpdate& update : decided.plan.todo[side].add)
      say("Would add flags (" + update.flags.text() + ") to UID " + update.uids.text());
    for (const FlagUpdate& update : decided.plan.todo[side].remove)
      say("Would remove flags (" + update.flags.text() + ") from UID " + update.uids.text());
    if (const UidSet& gone = decided.plan.todo[side].expunge; !gone.empty())
      say("Would remove " + count(gone) + " " + gone.text());
    if (const auto& heldBack = decided.heldBack[side])
      say("Would not remove " + count(heldBack->uids) + " " + heldBack->uids.text() + ", " + text(*heldBack));
    if (const UidSet& kept = decided.kept[side]; !kept.empty())
      say("Nothing may be expunged: would not remove " + count(kept) + " " + kept.text());
  }
}

void Pass::verify() {
  if (application_) application_->verify();
}

void Pass::mark() {
  if (application_) application_->mark();
}

void Pass::expunge() {
  if (application_) application_->expunge();
}

void Pass::finish(const Both<Lanes*>& lanes) {
  if (!application_ || !application_->finish() || leftApart_) return;
  for (Side side : kSides)
    if (lanes[side]->tally().confused.contains(&work_.mailbox)) return;
  for (Side side : kSides)
    if (changes_[side] && changes_[side]->doubt && changes_[side]->doubt->why == Changes::Doubt::Why::number)
      return;
  rememberState();
  work_.store.forgetCopied(work_.mailbox.id);
  for (Side side : kSides) rememberLandmarks(side);
  decideNext(lanes);
}

// A look at a mailbox without mod-sequences in which nothing was new writes nothing.
void Pass::rememberState() {
  const store::MailboxId id = work_.mailbox.id;
  Both<store::SideState> reached{work_.reached(Side::local), work_.reached(Side::remote)};
  bool same = work_.store.hasBase(id);
  for (Side side : kSides) {
    auto& messages = reached[side].messages;
    const std::uint64_t expunged = application_->expunged()[side];
    if (changes_[side] && messages)
      *messages -= static_cast<std::uint32_t>(std::min<std::uint64_t>(*messages, expunged));
    if (changes_[side] && changes_[side]->doubt) messages.reset();
    same = same && work_.known[side] == reached[side];
  }
  if (!same) work_.store.putState(id, reached.local, reached.remote);
}

// Those that were shown, and those that were copied in the meantime.
void Pass::rememberLandmarks(Side side) {
  if (!changes_[side] || changes_[side]->landmarksAsked.empty()) return;
  const store::MailboxId id = work_.mailbox.id;
  const std::map<Uid, HeaderDigest> before = work_.store.landmarks(id, side);
  std::map<Uid, HeaderDigest> landmarks = before;
  std::erase_if(landmarks, [&](const auto& it) { return changes_[side]->landmarksAsked.contains(it.first); });
  for (const auto& [uid, header] : changes_[side]->landmarks)
    if (work_.store.partner(id, side, uid)) landmarks.emplace(uid, header);
  if (landmarks != before) work_.store.setLandmarks(id, side, landmarks);
}

void Pass::decideNext(const Both<Lanes*>& lanes) {
  Due next = work_.due;
  next.again = true;
  next.full = next.afresh = next.recounted = false;
  next.rebuilt = {};
  for (Side side : kSides) next.expunged[side] += application_->expunged()[side];
  for (Side side : kSides)
    next.sides[side] = application_->plan().writes(side) || !work_.surplus[side].empty() ||
                       lanes[other(side)]->tally().appendedTo.contains(&work_.mailbox) ||
                       lanes[side]->tally().incomplete.contains(&work_.mailbox);
  for (Side side : kSides)
    next.copies[side] = std::make_shared<const Copies>(lanes[other(side)]->takeCopies(work_.mailbox));
  if (!next.sides.local && !next.sides.remote) {
    std::string text = misfit();
    if (text.empty()) return;
    // A message may have come or gone between SELECT and FETCH: first another look.
    next.sides = {true, true};
    next.full = ++next.doubts == 2;
    if (next.full) work_.log.warning(work_.about(Side::local), text + ". Comparing every message.");
    if (next.doubts > 2)
      return work_.log.warning(work_.about(Side::local), text + ", and every message was compared.");
  }
  work_.next = next;
}

// Whether the servers have as many messages as we know of. What else there is, is another pass's matter.
std::string Pass::misfit() const {
  const store::Store& store = work_.store;
  std::uint64_t pairs = store.count(work_.mailbox.id);
  for (const store::RefusedMessage& refused : store.refused(work_.mailbox.id))
    if (refused.kind == store::Refusal::unsent) return {};
  for (Side side : kSides) {
    if (!store.journal(work_.mailbox.id, side).intents.empty()) return {};
    if (changes_[side] && changes_[side]->doubt) return {};
    std::uint64_t known = pairs + store.refusedUids(work_.mailbox.id, side).size();
    if (work_.due.selected[side].exists != known)
      return std::string(work_.servers[side]->name()) + " has " +
             std::to_string(work_.due.selected[side].exists) + " messages, not the " + std::to_string(known) +
             " that are known";
  }
  return {};
}

}  // namespace interimap
