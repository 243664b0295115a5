// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pass/decision.h"

#include <algorithm>
#include <ctime>
#include <iterator>
#include <map>
#include <string>
#include <utility>

#include "sync/pass/touched.h"

namespace interimap {

namespace {

// A server hung up when it was to store their flags, or to expunge them.
bool leaveApart(Work& work, std::vector<Touched>& touched) {
  const Both<UidSet>& apart = work.apart.changes;
  if (apart.local.empty() && apart.remote.empty()) return false;
  auto before = touched.size();
  std::erase_if(touched, [&](const Touched& pair) {
    return apart.local.contains(pair.local) || apart.remote.contains(pair.remote);
  });
  for (Side side : kSides)
    std::erase_if(work.surplus[side], [&](const auto& copy) { return apart[side].contains(copy.first); });
  return touched.size() < before;
}

// A flag that a server lost with its index has not been removed: the other side still has it.
void restoreFlags(const Work& work, std::vector<Touched>& touched) {
  for (Touched& pair : touched)
    for (Side side : kSides) {
      if (!work.due.rebuilt[side] || !pair.base || !pair.now[side]) continue;
      if (!pair.now[other(side)]) pair.now[other(side)] = pair.base;
      pair.base = *pair.base & *pair.now[side];
    }
}

// \Deleted was that of the message of which this one is a copy: whoever moves messages without MOVE marks
// those that he leaves behind. It is taken off, as if it had been taken off on the other side.
void unmark(const Work& work, std::vector<Touched>& touched) {
  static const Flags kMark = *Flags::parse("\\Deleted");
  for (Touched& pair : touched)
    for (Side side : kSides) {
      const Uid uid = side == Side::local ? pair.local : pair.remote;
      if (!pair.base || !pair.now[side] || (*pair.now[side] & kMark).empty() ||
          !work.due.copiedThere[side].contains(uid))
        continue;
      if (!pair.now[other(side)]) pair.now[other(side)] = pair.base;
      pair.base = *pair.base | kMark;
    }
}

// What restrain() has to know of before.
Both<Past> past(const Work& work, const BothChanges& changes, const Plan& plan) {
  Both<Past> past;
  for (Side side : kSides) {
    past[side].expunged = work.due.expunged[side];
    past[side].brake = work.store.brake(work.mailbox.id, side);
    if (changes[side])
      for (const store::RefusedMessage& refused : work.store.refused(work.mailbox.id))
        if (refused.source == side && refused.kind == store::Refusal::kept) past[side].kept.add(refused.uid);
    if (plan.todo[side].expunge.empty() && past[side].kept.empty()) continue;
    past[side].messages = work.store.count(work.mailbox.id) + past[side].kept.size();
  }
  return past;
}

void reportWithheld(const Work& work, const Plan& plan, Side side) {
  auto say = [&](const std::string& text) { work.log.caution(work.about(side), text, ExitStatus::tryAgain); };
  UidSet all;
  for (const FlagUpdate& update : plan.todo[side].withheld) {
    all.add(update.uids);
    if (!work.access(side).readOnly)
      say("Not updating flags (" + update.flags.text() + ") of UID " + update.uids.text() +
          ": the server does not let them be stored here.");
  }
  if (!all.empty() && work.access(side).readOnly)
    say("Mailbox is READ-ONLY: not updating flags of UID " + all.text());
}

// They stay on this side, and the others go on. Should one have been sent before, it is a stray by now
// (Resumption), if it is known what it is.
void setApart(Work& work, BothChanges& changes) {
  for (Side side : kSides) {
    if (!changes[side] || work.apart.messages[side].empty()) continue;
    UidSet apart;
    std::erase_if(changes[side]->fresh, [&](const Fresh& fresh) {
      bool isApart = work.apart.messages[side].contains(fresh.uid);
      if (isApart) apart.add(fresh.uid);
      return isApart;
    });
    if (apart.empty() || work.settings.dryRun) continue;
    store::Transaction transaction = work.store.begin();
    const UidSet waiting = apart.intersect(work.apart.waiting[side]);
    work.store.settle(work.mailbox.id, other(side),
                      apart.minus(waiting).minus(work.store.journal(work.mailbox.id, other(side)).unclear));
    for (Uid uid : apart.each()) work.store.refuse(work.mailbox.id, side, uid, store::Refusal::apart, "");
    transaction.commit("apart");
    if (!waiting.empty())
      work.log.notice(work.about(side).with(waiting),
                      "UID(s) " + waiting.text() + " may be the same as message(s) at which " +
                          nameOf(other(side)) + " hangs up. They wait until it can be asked for those.");
  }
}

// What is new and stays where it is, as the user wants it. What was left for what holds no more is copied.
std::vector<Outside> leaveOutside(Work& work, BothChanges& changes, const Answers& answers) {
  std::vector<Outside> out;
  for (Side source : kSides) {
    if (!changes[source]) continue;
    std::map<std::string, UidSet> left;
    std::erase_if(changes[source]->fresh, [&](const Fresh& fresh) {
      std::string why =
          work.mailbox.policy.whyOutside(other(source), fresh.size, answers.old[source].contains(fresh.uid));
      const bool isOutside = !why.empty();
      if (isOutside) left[std::move(why)].add(fresh.uid);
      return isOutside;
    });
    for (auto& [why, uids] : left) out.push_back({source, why, std::move(uids)});
  }
  if (out.empty() || work.settings.dryRun) return out;
  // Should one have been sent before, it is a stray by now (Resumption).
  store::Transaction transaction = work.store.begin();
  for (const auto& [source, why, uids] : out) {
    work.store.settle(work.mailbox.id, other(source), uids);
    for (Uid uid : uids.each()) work.store.refuse(work.mailbox.id, source, uid, store::Refusal::outside, why);
  }
  transaction.commit("outside");
  return out;
}

// What was too large for the target and is so still is not fetched, only to be refused again. The first time
// it is: not every server counts octets as they are (RFC822.SIZE).
void leaveTooLarge(Work& work, BothChanges& changes) {
  for (Side source : kSides) {
    const auto& limit = work.mailbox.appendLimit[other(source)];
    if (!limit || !changes[source] || work.refused[source].empty() || work.settings.dryRun) continue;
    store::Transaction transaction = work.store.begin();
    for (const store::RefusedMessage& it : work.store.refused(work.mailbox.id)) {
      if (it.source != source || !it.reply.starts_with(answer::kTooBig)) continue;
      auto isLeft = [&](const Fresh& fresh) { return fresh.uid == it.uid && fresh.size > *limit; };
      if (std::erase_if(changes[source]->fresh, isLeft) == 0) continue;
      work.store.settle(work.mailbox.id, other(source), it.uid);
      work.log.error(work.about(source),
                     "UID " + std::to_string(it.uid.value()) + " was refused by " + nameOf(other(source)) +
                         ": " + it.reply,
                     ExitStatus::tryAgain);
    }
    transaction.commit("too large");
  }
}

Both<UidSet> comeInside(const Work& work, const BothChanges& changes) {
  Both<UidSet> fresh, inside;
  for (Side side : kSides)
    if (changes[side] && !work.refused[side].empty())
      for (const Fresh& it : changes[side]->fresh) fresh[side].add(it.uid);
  if (fresh.local.empty() && fresh.remote.empty()) return inside;
  for (const store::RefusedMessage& it : work.store.refused(work.mailbox.id))
    if (it.kind == store::Refusal::outside && fresh[it.source].contains(it.uid))
      inside[it.source].add(it.uid);
  return inside;
}

// What is new and stays where it is: the other side may not be written to. The rest goes on.
Both<UidSet> deny(const Work& work, BothChanges& changes) {
  Both<UidSet> denied;
  for (Side side : kSides)
    if (changes[side] && work.access(other(side)).readOnly)
      for (const Fresh& fresh : std::exchange(changes[side]->fresh, {})) denied[side].add(fresh.uid);
  return denied;
}

// A side that was not asked may lack messages all the same.
void rememberBrake(const Work& work, const BothChanges& changes, const Restrained& decided) {
  for (Side side : kSides) {
    const auto& brake = decided.brake[side];
    if (!changes[other(side)] || brake == work.store.brake(work.mailbox.id, side)) continue;
    store::Transaction transaction = work.store.begin();
    work.store.setBrake(work.mailbox.id, side, brake);
    transaction.commit("brake");
  }
}

// Once, when it is decided: afterwards --status tells.
void reportLeft(const Work& work, const Decision& decision) {
  auto say = [&](Side side, const UidSet& uids, const std::string& text) {
    work.log.info(work.about(side).with(uids), text + work.mailbox.policy.where() + "): " + uids.text());
  };
  for (const auto& [source, why, uids] : decision.outside)
    say(source, uids,
        "Not copying " + std::to_string(uids.size()) + " UID(s) to " + nameOf(other(source)) + " (" + why);
  for (Side side : kSides)
    if (const UidSet& uids = decision.todo.parted[side]; !uids.empty())
      say(side, uids,
          "Keeping " + std::to_string(uids.size()) + " UID(s) that were expunged on " + nameOf(other(side)) +
              " (" + work.mailbox.policy.whyKept(side));
}

// Messages that were recognised have no flags in common yet: how many of them differ is enough to know.
void reportConflicts(const Work& work, const Plan& plan, const UidSet& recognised) {
  std::uint64_t differ = 0;
  for (const Plan::Conflict& conflict : plan.conflicts) {
    if (recognised.contains(conflict.local)) {
      ++differ;
      continue;
    }
    work.log.warning(work.about(Side::local), "Conflicting flag update in " + work.mailbox.shown() +
                                                  " for local UID " + std::to_string(conflict.local.value()) +
                                                  " (" + conflict.here.text() + ") and remote UID " +
                                                  std::to_string(conflict.remote.value()) + " (" +
                                                  conflict.there.text() + "): setting both to the union (" +
                                                  conflict.both.text() + ")");
  }
  if (differ > 0)
    work.log.warning(work.about(Side::local),
                     "Conflicting flag update in " + work.mailbox.shown() + " for " + std::to_string(differ) +
                         " message(s) that both sides have already: setting both to the union");
}

}  // namespace

// What is to be done, and what of it is not. Flags that may not be stored are told of here: that is all that
// is ever said of them, while messages that stay on one side alone are reported at the end of every run.
Decision decide(Work& work, BothChanges& changes, const Answers& answers, std::vector<Touched> touched) {
  Both<Access> access{work.access(Side::local), work.access(Side::remote)};
  std::ranges::move(touchedPairs(work, changes, answers), std::back_inserter(touched));
  if (work.due.rebuilt.local || work.due.rebuilt.remote) restoreFlags(work, touched);
  unmark(work, touched);
  const bool leftApart = leaveApart(work, touched);
  Plan plan = reconcile(touched, access);
  const settings::Sync& settings = work.settings;
  const Both<Past> before = past(work, changes, plan);
  const Policy& policy = work.mailbox.policy;
  const Limits limits{policy.maxDeletions() ? policy.maxDeletions() : settings.maxDeletions,
                      settings.forceDeletions, policy};
  Decision decision{.todo = restrain(std::move(plan), access, limits, before, std::time(nullptr)),
                    .leftApart = leftApart};
  for (Side side : kSides) reportWithheld(work, decision.todo.plan, side);
  decision.outside = leaveOutside(work, changes, answers);
  decision.inside = comeInside(work, changes);
  leaveTooLarge(work, changes);
  setApart(work, changes);
  decision.denied = deny(work, changes);
  return decision;
}

void announce(Work& work, const BothChanges& changes, const Decision& decision, const UidSet& recognised) {
  rememberBrake(work, changes, decision.todo);
  for (Side side : kSides)
    if (const auto& heldBack = decision.todo.heldBack[side]) {
      work.log.error(work.about(side), "Not expunging " + text(*heldBack), ExitStatus::tryAgain);
      if (heldBack->why == HeldBack::Why::tooMany) ++work.log.done().held;  // the database knows the others
    }
  reportLeft(work, decision);
  reportConflicts(work, decision.todo.plan, recognised);
}

}  // namespace interimap
