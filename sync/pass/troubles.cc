// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pass/troubles.h"

#include <utility>

#include "sync/pass/witnesses.h"

namespace interimap {

namespace {

// UIDs that lost their meaning: another pass takes the mailbox afresh, unless that was tried in vain. Not
// where a server was restored from a backup: it lost messages as well, which a user has to know.
bool recovers(Work& work, const Troubles& troubles) {
  bool any = false;
  for (Side side : kSides) {
    if (!troubles[side]) continue;
    if (!troubles[side]->afresh || (troubles[side]->hold && !work.settings.adopt)) return false;
    any = true;
  }
  if (!any || work.due.recovered) return false;
  auto unlike = work.store.unlike(work.mailbox.id, work.validity(Side::local), work.validity(Side::remote));
  bool isKnownToFail = unlike && !work.settings.adopt;
  for (Side side : kSides) {
    if (!troubles[side]) continue;
    if (isKnownToFail)
      work.fail(side, troubles[side]->text + *unlike + startAfresh(work.mailbox, side), ExitStatus::data);
    else
      work.log.warning(work.about(side), troubles[side]->text + " Comparing every message.");
  }
  if (!isKnownToFail)
    work.startAgain({.mailbox = &work.mailbox, .again = work.due.again, .afresh = true, .recovered = true});
  return true;
}

// A server that made its index anew does not know what changed when. Its UIDs hold: another pass compares
// everything, and what is not there any more has been expunged.
bool isRebuilt(Work& work, const Troubles& troubles) {
  Due due{.mailbox = &work.mailbox, .again = work.due.again, .full = true};
  bool any = false;
  for (Side side : kSides) {
    due.rebuilt[side] = troubles[side] && troubles[side]->rebuilt;
    any = any || due.rebuilt[side];
    if (troubles[side] && !troubles[side]->rebuilt) return false;
  }
  if (!any) return false;
  for (Side side : kSides)
    if (due.rebuilt[side])
      work.log.warning(work.about(side), troubles[side]->text + " Comparing every message.");
  due.expunged = work.due.expunged;
  work.startAgain(std::move(due));
  return true;
}

// A mailbox that has no mod-sequences any more, on a server that has: as if the server had none.
bool isBare(Work& work, const Troubles& troubles) {
  Due due = work.due;
  bool any = false;
  for (Side side : kSides) {
    if (troubles[side] && !troubles[side]->bare) return false;
    due.bare[side] = due.bare[side] || troubles[side];
    any = any || troubles[side];
  }
  if (any) work.startAgain(std::move(due));
  return any;
}

void report(Work& work, Side side, const Trouble& trouble) {
  work.failOrTryAgain(side, trouble.again,
                      trouble.text + (trouble.afresh ? startAfresh(work.mailbox, side) : ""), trouble.status);
  if (!trouble.hold || work.settings.dryRun) return;
  store::Transaction transaction = work.store.begin();
  work.store.hold(work.mailbox.id, side, trouble.text);
  transaction.commit("hold");
}

}  // namespace

bool overcome(Work& work, const Troubles& troubles) {
  if (recovers(work, troubles) || isBare(work, troubles) || isRebuilt(work, troubles)) return false;
  for (Side side : kSides)
    if (troubles[side]) report(work, side, *troubles[side]);
  return !work.isOver();
}

// A message may have come or gone between SELECT and what was asked behind it: first another look. Then what
// is missing stays on the other side, and the next run looks again. Where not even what is new is shown, or
// nothing is known yet, what the other side has may be there as well: the mailbox is left alone.
bool weigh(Work& work, const BothChanges& changes) {
  for (Side side : kSides) {
    if (!changes[side] || !changes[side]->doubt) continue;
    const Changes::Doubt& doubt = *changes[side]->doubt;
    const bool number = doubt.why == Changes::Doubt::Why::number;
    const bool listing = doubt.why == Changes::Doubt::Why::listing;
    const bool isWhole = changes[side]->listedFrom.value == 1;
    if ((number || listing) && !work.due.recounted) {
      Due due = work.due;
      due.recounted = true;
      work.startAgain(std::move(due));
      return false;
    }
    if (listing && !isWhole) {
      Due due = work.due;
      due.full = true;
      due.sides = {true, true};  // one is compared with the other, news or not
      work.startAgain(std::move(due));
      return false;
    }
    if (listing || (number && changes[side]->knownNext.value == 1)) {
      Changes::Doubt unknown = doubt;
      unknown.why = Changes::Doubt::Why::listing;
      work.fail(side, text(unknown), ExitStatus::tryAgain);
      return false;
    }
    work.log.warning(work.about(side), text(doubt));
    if (number) work.log.worsen(ExitStatus::tryAgain);
  }
  return true;
}

}  // namespace interimap
