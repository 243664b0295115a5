// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pass/pass.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "sync/pass/copy_check.h"
#include "sync/pass/decision.h"
#include "sync/pass/marks.h"
#include "sync/pass/outcome.h"
#include "sync/pass/preview.h"
#include "sync/pass/rejoin.h"
#include "sync/pass/repair.h"
#include "sync/pass/resumption.h"
#include "sync/pass/surplus.h"
#include "sync/pass/troubles.h"

namespace interimap {

Pass::Pass(const settings::Sync& settings, Both<Server*> servers, store::Store& store, Log& log, Due due)
    : work_(settings, servers, store, log, std::move(due)) {}

void Pass::ask() {
  if (!work_.settings.dryRun)
    for (Side side : kSides)
      if (!restoreMarks(work_, side))
        return work_.fail(side, "Couldn't mark messages \\Deleted again that somebody else had marked",
                          ExitStatus::tryAgain);
  Extent extent = work_.due.afresh ? Extent::afresh : work_.isFull() ? Extent::everything : Extent::news;
  for (Side side : kSides) {
    if (!work_.due.sides[side]) continue;
    std::optional<store::SideState> known = work_.known[side];
    if (known && work_.due.rebuilt[side]) known->highestModSeq = {0};
    collectors_[side] = Collector::make({*work_.servers[side], work_.store, work_.mailbox, known, extent,
                                         work_.due.copies[side].get(), work_.settings.moves},
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
  Troubles troubles;
  for (Side side : kSides) {
    if (!collectors_[side]) continue;
    auto collected = collectors_[side]->collect();
    collectors_[side].reset();
    work_.due.selected[side] = std::move(collected.selected);
    troubles[side] = std::move(collected.trouble);
    changes_[side] = std::move(collected.changes);
  }
  return overcome(work_, troubles);
}

void Pass::clarify() {
  if (work_.isOver() || !collect()) return;
  for (Side side : kSides) {
    if (changes_[side] && !changes_[side]->doubtful.empty()) checkCopies(work_, changes_, side);
    if (work_.isOver()) return;
  }
  // Whoever asks for --repair wants back what is lost. A number of messages that does not fit is that of a
  // server that has forgotten what was expunged.
  for (Side side : kSides)
    if (work_.due.rebuilt[side] || (work_.due.doubts > 0 && changes_[side] && changes_[side]->isWhole))
      changes_[side]->gone.add(std::exchange(changes_[side]->lost, {}));
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
  return settled && weigh(work_, changes_);
}

void Pass::begin(Both<Lanes*> lanes) {
  if (!settle()) return;
  for (Side side : kSides)
    if (changes_[side]) leaveDropped(work_, changes_, side);
  if (work_.due.afresh) {
    if (!pairing_.find({}) || !pairing_.isRecognised()) return;
    disown();
    joined_ = pairing_.startOver();
  }
  for (Side side : kSides)
    if (changes_[side] && !work_.due.again) reportStrangers(work_, changes_, side);
  if (!resume()) return;
  if (!work_.due.afresh && !leaveSurplus()) return;
  pairing_.letWait();
  if (work_.isFull()) {
    reportUnmatched(work_, changes_, redo_);
    rememberUnmatched(work_, changes_);
  }
  UidSet recognised;
  for (const Touched& touched : joined_) recognised.add(touched.local);
  Decision decision = decide(work_, changes_, questions_.answers, std::exchange(joined_, {}));
  if (work_.isFull()) reportUnreported(work_, changes_, decision.todo.plan);
  announce(work_, changes_, decision, recognised);
  leftApart_ = decision.leftApart;
  application_.emplace(work_, std::move(decision.todo), std::move(decision.denied));
  application_->begin(lanes, changes_);
}

// The journal goes by UIDs that are about to lose their meaning.
void Pass::disown() {
  store::Transaction transaction = work_.store.begin();
  Resumption(work_, changes_, questions_.answers).disown();
  transaction.commit("disown");
}

// Brings the database to where an interrupted run left the servers, or makes the first entry; what both sides
// have already is paired.
bool Pass::resume() {
  bool isFirst = !work_.known.local || !work_.known.remote, unfinished = isFirst || pairing_.isAsked();
  for (Side side : kSides)
    unfinished = unfinished || !work_.refused[side].empty() || !redo_[side].empty() ||
                 !questions_.answers.candidates[side].empty() ||
                 !work_.store.journal(work_.mailbox.id, side).intents.empty() ||
                 !pairing_.doubles()[side].empty();
  if (!unfinished) return true;
  store::Transaction transaction = work_.store.begin();
  if (isFirst) work_.store.putState(work_.mailbox.id, work_.begun(Side::local), work_.begun(Side::remote));
  // Whatever becomes of this run, they are still to be copied.
  for (Side side : kSides)
    for (const store::Pair& pair : work_.store.pairs(work_.mailbox.id, side, redo_[side])) {
      work_.store.unmap(work_.mailbox.id, pair.local);
      work_.store.refuse(work_.mailbox.id, side, side == Side::local ? pair.local : pair.remote,
                         store::Refusal::unsent, "");
    }
  Resumption resumption(work_, changes_, questions_.answers);
  if (!resumption.run(pairing_.doubles())) return false;
  if (pairing_.isAsked()) {
    if (!pairing_.find(resumption.departed())) return false;
    joined_ = pairing_.join();
  }
  transaction.commit("resume");
  return true;
}

// What is new, but for somebody else's copies, and for what the other side has already.
bool Pass::leaveSurplus() {
  Surplus surplus(work_, changes_);
  for (Side side : kSides) {
    if (!changes_[side]) continue;
    std::ranges::move(surplus.find(side), std::back_inserter(joined_));
    if (!work_.isOver()) std::ranges::move(rejoin(work_, changes_, side), std::back_inserter(joined_));
    if (work_.isOver()) return false;
  }
  return true;
}

void Pass::preview() {
  if (!settle()) return;
  if (pairing_.isAsked()) {
    if (!pairing_.find({}) || (work_.due.afresh && !pairing_.isRecognised())) return;
    joined_ = pairing_.preview();
  }
  interimap::preview(work_, changes_,
                     decide(work_, changes_, questions_.answers, std::exchange(joined_, {})));
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

void Pass::expungeRefused() {
  if (application_) application_->expungeRefused();
}

void Pass::finish(const Both<Lanes*>& lanes) {
  if (!application_) return;
  const bool isDone = application_->finish();
  for (Side side : kSides)
    if (changes_[side] && !changes_[side]->names.empty()) rememberNames(work_, *changes_[side], side);
  if (work_.next) carryOver(*work_.next, *application_, lanes);  // an EXPUNGE is to be tried again
  if (!isDone || leftApart_) return;
  for (Side side : kSides)
    if (lanes[side]->tally().confused.contains(&work_.mailbox)) return;
  for (Side side : kSides)
    if (lanes[side]->tally().putOff.contains(&work_.mailbox)) return findCopies(work_, *application_, lanes);
  for (Side side : kSides)
    if (changes_[side] && changes_[side]->doubt && changes_[side]->doubt->why == Changes::Doubt::Why::number)
      return;
  // Else the next pass, or the next run, is told the flags of these copies once more.
  if (!isAnyCopiedThere(work_, lanes)) rememberReached(work_, changes_, *application_, lanes);
  decideNext(work_, changes_, *application_, lanes);
}

}  // namespace interimap
