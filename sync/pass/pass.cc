// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pass/pass.h"

#include <algorithm>

#include "ipc/side.h"

namespace interimap {

namespace {

// Mailboxes of so many messages are emptied by hand every day.
constexpr std::uint64_t kFewMessages = 20;

}  // namespace

Pass::Pass(const settings::Sync& settings, Both<Server*> servers, store::Store& store, Log& log, Due due)
    : settings_(settings), servers_(servers), store_(store), log_(log), mailbox_(*due.mailbox), due_(due) {
  for (Side side : kSides) known_[side] = store_.state(mailbox_.id, side);
  for (Side side : kSides) refused_[side] = store_.refusedUids(mailbox_.id, side);
  distrusted_ = settings_.adopt && store_.held(mailbox_.id);
  if (distrusted_) due_.afresh = due_.recovered = true;
}

void Pass::fail(Side side, const std::string& text, ExitStatus status) {
  if (!failed_) log_.error(at(side), text, status);
  failed_ = true;
}

// A response that could not be read is lost, but not the mailbox: it is asked again, once.
void Pass::failOrTryAgain(Side side, bool again, const std::string& text, ExitStatus status) {
  if (!again || due_.again) return fail(side, text, status);
  if (failed_) return;
  failed_ = true;
  next_ = Due{.mailbox = &mailbox_, .again = true};
}

// What a read-only mailbox offers to store says nothing about what is in it.
Access Pass::access(Side side) const {
  const answer::Selected& selected = due_.selected[side];
  return {selected.readOnly, selected.readOnly ? StorableFlags() : selected.storable};
}

void Pass::ask() {
  for (Side side : kSides) {
    if (!due_.sides[side]) continue;
    using Look = Changes::Look;
    Look look = due_.afresh ? Look::afresh : isFull() ? Look::everything : Look::news;
    changes_[side].emplace(*servers_[side], store_, mailbox_, known_[side], look);
    changes_[side]->expect(due_.copies[side].get());
    changes_[side]->ask();
  }
}

bool Pass::isListed() const {
  return std::ranges::all_of(kSides, [&](Side side) { return !changes_[side] || changes_[side]->isTold(); });
}

void Pass::clarify() {
  Both<std::optional<Changes::Trouble>> troubles;
  for (Side side : kSides) {
    if (!changes_[side]) continue;
    troubles[side] = changes_[side]->collect();
    due_.selected[side] = changes_[side]->selected();
  }
  if (recovers(troubles)) return;
  for (Side side : kSides) {
    const auto& trouble = troubles[side];
    if (!trouble) continue;
    failOrTryAgain(side, trouble->again, trouble->text + (trouble->afresh ? startAfresh(mailbox_) : ""),
                   trouble->status);
    if (!trouble->hold || settings_.dryRun) continue;
    store::Transaction transaction = store_.begin();
    store_.hold(mailbox_.id, side, trouble->text);
    transaction.commit("hold");
  }
  for (Side side : kSides)
    if (!failed_ && changes_[side] && !changes_[side]->doubtful.empty()) checkCopies(side);
  if (failed_) return;
  if (isFull()) {
    findLost();
    reportUnreported();
  }
  for (Side side : kSides) {
    if (!changes_[side]) continue;
    askWhetherGone(side);
    askOtherFlags(side);
    if (!due_.afresh) askIdentities(side);
    askOwed(side);
  }
  if (mayHaveTwins()) askTwins();
}

void Pass::begin(Both<Lanes*> lanes) {
  if (failed_ || !answered()) return;
  if (due_.afresh) {
    if (!findTwins() || !isRecognised()) return;
    startOver();
    twins_.reset();
  }
  bool unfinished = twins_ || !refused_.local.empty() || !refused_.remote.empty() || !redo_.local.empty() ||
                    !redo_.remote.empty();
  for (Side side : kSides) {
    if (changes_[side]) changes_[side]->gone.remove(alive_[side]);
    if (changes_[side] && !due_.again) reportStrangers(side);
    unfinished = unfinished || !store_.journal(mailbox_.id, side).intents.empty();
  }
  if (unfinished || !known_.local || !known_.remote) resume();
  if (failed_) return;
  if (isFull()) reportUnmatched();
  makePlan();
  for (Side side : kSides) {
    limitExpunges(side);
    withhold(side);
    reportWithheld(side);
  }
  for (const Plan::Conflict& conflict : plan_.conflicts)
    log_.warning(at(Side::local), "Conflicting flag update in " + mailbox_.shown() + " for local UID " +
                                      std::to_string(conflict.local.value()) + " (" + conflict.here.text() +
                                      ") and remote UID " + std::to_string(conflict.remote.value()) + " (" +
                                      conflict.there.text() + "): setting both to the union (" +
                                      conflict.both.text() + ")");
  for (Side side : kSides) {
    store(side, request::Store::Change::add, plan_.todo[side].add);
    store(side, request::Store::Change::remove, plan_.todo[side].remove);
  }
  load(lanes);
}

void Pass::makePlan() { plan_ = reconcile(touched(), {access(Side::local), access(Side::remote)}); }

// VANISHED or changed, and nothing to do with what is on the other side.
void Pass::reportStrangers(Side side) {
  About about = at(other(side));
  if (!store_.journal(mailbox_.id, side).intents.empty()) return;
  if (UidSet gone = changes_[side]->strangersGone.minus(refused_[side]); !gone.empty())
    log_.warning(about, "No match for " + std::to_string(gone.size()) + " vanished " +
                            servers_[side]->name() + " UID(s) " + gone.text() + ". Ignoring.");
  if (UidSet changed = changes_[side]->strangersChanged.minus(refused_[side]); !changed.empty())
    log_.warning(about, std::string("No match for modified ") + servers_[side]->name() + " UID " +
                            changed.text() + ". Try '--repair'.");
}

// A mailbox that may not be written to is not: the rest goes on. What was withheld before is made up for once
// it may.
void Pass::withhold(Side side) {
  UidSet& expunge = plan_.todo[side].expunge;
  std::optional<Changes>& others = changes_[other(side)];
  if (!access(side).expunges()) {
    kept_[side] = std::exchange(expunge, {});
  } else if (changes_[side]) {
    for (const store::RefusedMessage& refused : store_.refused(mailbox_.id))
      if (refused.source == side && refused.kind == store::Refusal::kept) expunge.add(refused.uid);
  }
  if (!access(side).readOnly || !others) return;
  for (const Fresh& fresh : others->fresh) denied_[other(side)].add(fresh.uid);
  others->fresh.clear();
}

// Messages that stay on one side alone are reported at the end of every run; this is all that is ever said of
// flags.
void Pass::reportWithheld(Side side) {
  const UidSet& uids = plan_.todo[side].withheld;
  if (!uids.empty())
    log_.caution(at(side), "Mailbox is READ-ONLY: not updating flags of UID " + uids.text(),
                 ExitStatus::tryAgain);
}

void Pass::preview() {
  if (failed_ || !answered()) return;
  if (twins_) {
    if (!findTwins() || (due_.afresh && !isRecognised())) return;
    touchTwins();
    reportTwins();
  }
  makePlan();
  for (Side side : kSides) {
    withhold(side);
    reportWithheld(side);
  }
  for (Side side : kSides) {
    auto say = [&](const std::string& what) { log_.notice(at(side), what); };
    UidSet add;
    for (const Fresh& fresh : changes_[other(side)]->fresh) add.add(fresh.uid);
    add = add.minus(refused_[other(side)]);
    std::string from = std::string(" <- ") + servers_[other(side)]->name() + " UID ";
    if (!add.empty()) say("Would add " + std::to_string(add.size()) + " UID(s)" + from + add.text());
    if (const UidSet& denied = denied_[other(side)]; !denied.empty())
      say("Mailbox is READ-ONLY: would not add " + std::to_string(denied.size()) + " UID(s)" + from +
          denied.text());
    for (const FlagUpdate& update : plan_.todo[side].add)
      say("Would add flags (" + update.flags.text() + ") to UID " + update.uids.text());
    for (const FlagUpdate& update : plan_.todo[side].remove)
      say("Would remove flags (" + update.flags.text() + ") from UID " + update.uids.text());
    if (const UidSet& gone = plan_.todo[side].expunge; !gone.empty())
      say("Would remove " + std::to_string(gone.size()) + " UID(s) " + gone.text());
    if (const UidSet& kept = kept_[side]; !kept.empty())
      say("Nothing may be expunged: would not remove " + std::to_string(kept.size()) + " UID(s) " +
          kept.text());
  }
}

// The pairs that at least one side spoke of.
std::vector<Touched> Pass::touched() {
  std::map<Uid, Touched> byLocal;
  for (Side side : kSides) {
    UidSet uids;
    if (changes_[side]) {
      uids.add(changes_[side]->gone);
      UidSet changed;
      for (const auto& [uid, _] : changes_[side]->flags) changed.add(uid);
      uids.add(changed);
    }
    UidSet told;
    for (const auto& [uid, _] : told_[side]) told.add(uid);
    uids.add(told);
    for (const store::Pair& pair : store_.pairs(mailbox_.id, side, uids)) {
      Touched& touched =
          byLocal.try_emplace(pair.local, Touched{pair.local, pair.remote, pair.base, {}, {}}).first->second;
      Uid uid = side == Side::local ? pair.local : pair.remote;
      if (auto it = told_[side].find(uid); it != told_[side].end()) {
        touched.now[side] = it->second;
        // But for a side that cannot store everything: what it lacks, it may never have had.
        if (!touched.base && !access(other(side)).readOnly) touched.base = it->second;
      }
      if (changes_[side]) {
        if (auto it = changes_[side]->flags.find(uid); it != changes_[side]->flags.end())
          touched.now[side] = it->second;
        touched.gone[side] = changes_[side]->gone.contains(uid);
      }
    }
  }
  std::vector<Touched> out = joined_;
  for (auto& [_, touched] : byLocal) out.push_back(std::move(touched));
  return out;
}

void Pass::store(Side side, request::Store::Change change, const std::vector<FlagUpdate>& updates) {
  for (const FlagUpdate& update : updates) {
    servers_[side]->ensureSelected(mailbox_.wire[side]);
    stores_.emplace_back(side, servers_[side]->store(update.uids, change, update.flags,
                                                     [this, side](const answer::Message& message) {
                                                       if (message.flags)
                                                         storedFlags_[side].insert_or_assign(message.uid,
                                                                                             *message.flags);
                                                     }));
  }
}

void Pass::load(Both<Lanes*> lanes) {
  for (Side source : kSides) {
    if (!changes_[source]) continue;
    store::SideState target = reached(other(source), false);
    lanes[source]->add({&mailbox_, std::move(changes_[source]->fresh), target.uidNext,
                        reached(source, false).uidValidity, target.uidValidity, access(other(source)),
                        due_.again});
    changes_[source]->fresh.clear();
  }
}

void Pass::verify() {
  if (failed_) return;
  for (Side side : kSides)
    if (!plan_.todo[side].expunge.empty())
      verified_[side] = servers_[side]->ensureSelected(mailbox_.wire[side]);
}

// UIDs may have come to mean others since the mailbox was listed: it was deleted and made again. All
// mailboxes are looked at in one round trip, and selected again in the flight that expunges, unless it is the
// one that is still selected.
void Pass::expunge() {
  if (failed_) return;
  for (Side side : kSides) {
    const UidSet& uids = plan_.todo[side].expunge;
    if (uids.empty()) continue;
    if (!verified_[side].done().ok() ||
        verified_[side].get().uidValidity != reached(side, false).uidValidity) {
      log_.error(at(side), "Mailbox is another one by now: not expunging " + uids.text(),
                 ExitStatus::tryAgain);
      held_ = true;
      continue;
    }
    servers_[side]->ensureSelected(mailbox_.wire[side]);
    expunges_[side] = servers_[side]->expunge(uids);
  }
}

// Expunging is what cannot be undone. Beyond max-deletions it waits for the user; a mailbox that is to lose
// everything waits for the next run, which must be told the same.
void Pass::limitExpunges(Side side) {
  UidSet& expunge = plan_.todo[side].expunge;
  Side source = other(side);
  std::uint64_t mapped = expunge.empty() ? 0 : store_.count(mailbox_.id);
  bool everything = mapped > kFewMessages && expunge.size() == mapped;
  bool believed = store_.emptied(mailbox_.id, source);
  if (everything != believed && changes_[source]) {
    store::Transaction transaction = store_.begin();
    store_.setEmptied(mailbox_.id, source, everything);
    transaction.commit("emptied");
  }
  if (expunge.empty() || settings_.forceDeletions) return;
  std::string count = std::to_string(expunge.size()) + " of " + std::to_string(mapped) + " messages";
  std::uint64_t most = settings_.maxDeletionsPercent ? mapped * settings_.maxDeletions.value_or(100) / 100
                                                     : settings_.maxDeletions.value_or(mapped);
  if (expunge.size() > most) {
    log_.error(at(side),
               "Not expunging " + count +
                   ": more than max-deletions allows. If that is right, run with --force-deletions.",
               ExitStatus::tryAgain);
  } else if (everything && !believed) {
    log_.error(at(side),
               "Not expunging " + count +
                   ": the other side has lost all of them at once. If that is still so at the next run, it "
                   "will be done; --force-deletions does it now.",
               ExitStatus::tryAgain);
  } else {
    return;
  }
  expunge = {};
  held_ = true;
}

}  // namespace interimap
