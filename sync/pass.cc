#include "sync/pass.h"

#include <algorithm>

#include "sync/adopt.h"

namespace interimap {

namespace {

constexpr Side kSides[] = {Side::local, Side::remote};
using Items = request::Fetch::Items;

// Mailboxes of so many messages are emptied by hand every day.
constexpr std::uint64_t kFewMessages = 20;

}  // namespace

Pass::Pass(const settings::Sync& settings, Both<Server*> servers, store::Store& store, Log& log,
           const Mailbox& mailbox)
    : settings_(settings), servers_(servers), store_(store), log_(log), mailbox_(mailbox) {
  for (Side side : kSides) known_[side] = store_.state(mailbox_.id, side);
}

void Pass::fail(Side side, const std::string& text, ExitStatus status) {
  if (!failed_) log_.error(at(side), text, status);
  failed_ = true;
}

// A response that could not be read is lost, but not the mailbox: it is asked again, once.
void Pass::failOrTryAgain(Side side, bool again, const std::string& text, ExitStatus status) {
  if (!again || again_) return fail(side, text, status);
  if (!failed_) anotherTry_ = failed_ = true;
}

void Pass::ask(Both<bool> sides, bool again) {
  again_ = again;
  for (Side side : kSides) {
    if (!sides[side]) continue;
    changes_[side].emplace(*servers_[side], store_, mailbox_, known_[side], repairing());
    changes_[side]->ask();
  }
}

void Pass::clarify() {
  for (Side side : kSides) {
    if (!changes_[side]) continue;
    auto trouble = changes_[side]->collect();
    if (!trouble) continue;
    failOrTryAgain(side, trouble->again, trouble->text + (trouble->hold ? startAfresh(mailbox_) : ""),
                   trouble->status);
    if (!trouble->hold || settings_.dryRun) continue;
    store::Transaction transaction = store_.begin();
    store_.hold(mailbox_.id, trouble->text);
    transaction.commit("hold");
  }
  if (failed_) return;
  if (repairing()) findLost();
  for (Side side : kSides) {
    if (!changes_[side]) continue;
    askWhetherGone(side);
    askOtherFlags(side);
    askIdentities(side);
    askOwed(side);
  }
}

// --repair: a message that one side lost without a word is copied again from the other. If both lost it, or
// one did after the other's was expunged, it is gone.
void Pass::findLost() {
  for (Side side : kSides) {
    Changes &changes = *changes_[side], &others = *changes_[other(side)];
    UidSet gone;
    for (const store::Pair& pair : store_.pairs(mailbox_.id, side, changes.lost)) {
      bool local = side == Side::local;
      Uid here = local ? pair.local : pair.remote, there = local ? pair.remote : pair.local;
      if (others.lost.contains(there) || others.gone.contains(there)) {
        gone.add(here);
        if (local || others.gone.contains(there))
          log_.warning(at(side), "Pair (lUID,rUID) = (" + std::to_string(pair.local.value()) + "," +
                                     std::to_string(pair.remote.value()) + ") vanished from " +
                                     mailbox_.wire.local.bytes + ". Repairing.");
      } else {
        redo_[other(side)].add(there);
        log_.warning(at(side), "UID " + std::to_string(here.value()) + " disappeared. Redownloading " +
                                   servers_[other(side)]->name() + " UID " + std::to_string(there.value()) +
                                   ".");
      }
    }
    changes.gone.add(gone);
    UidSet refused = store_.refusedUids(mailbox_.id, side);
    for (const Fresh& fresh : changes.fresh)
      if (fresh.uid.value() < changes.knownNext().value && !refused.contains(fresh.uid))
        log_.warning(at(other(side)), std::string("No match for modified ") + servers_[side]->name() +
                                          " UID " + std::to_string(fresh.uid.value()) + ". Redownloading.");
  }
}

// A server that reports messages gone is asked for exactly those: some have been seen to report every message
// of a mailbox that was renamed.
void Pass::askWhetherGone(Side side) {
  Changes& changes = *changes_[side];
  if (changes.gone.empty()) return;
  servers_[side]->ensureSelected(mailbox_.wire[side]);
  questions_.emplace_back(
      side, servers_[side]->fetch(changes.gone, Items::flags, [this, side](const answer::Message& message) {
        alive_[side].add(message.uid);
        if (message.flags) changes_[side]->message(message.uid, *message.flags);
      }));
}

// A change that only one side reports, of a message whose common flags are not known: the other side's flags
// are the ones that did not change.
void Pass::askOtherFlags(Side side) {
  UidSet uids, unknown;
  for (const auto& [uid, _] : changes_[side]->flags) uids.add(uid);
  for (const store::Pair& pair : store_.pairs(mailbox_.id, side, uids)) {
    Uid theirs = side == Side::local ? pair.remote : pair.local;
    if (!pair.base && !(changes_[other(side)] && changes_[other(side)]->flags.contains(theirs)))
      unknown.add(theirs);
  }
  if (unknown.empty()) return;
  Side there = other(side);
  servers_[there]->ensureSelected(mailbox_.wire[there]);
  questions_.emplace_back(
      there, servers_[there]->fetch(unknown, Items::flags, [this, there](const answer::Message& message) {
        if (message.flags) told_[there].insert_or_assign(message.uid, *message.flags);
      }));
}

// After a kill, what is new here may be a copy that we were making.
void Pass::askIdentities(Side target) {
  store::Journal journal = store_.journal(mailbox_.id, target);
  if (journal.intents.empty()) return;
  log_.notice(at(target), "Resuming interrupted sync for " + mailbox_.wire[target].bytes);
  UidSet uids;
  for (const Fresh& fresh : changes_[target]->fresh)
    if (fresh.uid.value() >= journal.targetNext.value) uids.add(fresh.uid);
  if (uids.empty()) return;
  servers_[target]->ensureSelected(mailbox_.wire[target]);
  questions_.emplace_back(
      target, servers_[target]->fetch(uids, Items::identity, [this, target](const answer::Message& message) {
        candidates_[target].push_back(message);
      }));
}

// Refused messages are tried once a run; empty ones, and those above our own limit, never.
bool Pass::mayTry(const store::RefusedMessage& message) const {
  return message.kind == store::Refusal::unsent || (message.kind == store::Refusal::refused && !again_);
}

// What was refused before, or not finished, is below what this pass lists: asked for by itself.
void Pass::askOwed(Side source) {
  UidSet owed;
  for (const store::RefusedMessage& refused : store_.refused(mailbox_.id))
    if (refused.source == source && mayTry(refused)) owed.add(refused.uid);
  for (const store::Intent& intent : store_.journal(mailbox_.id, other(source)).intents)
    owed.add(intent.source);
  owed = owed.intersect(UidSet::below(changes_[source]->listedFrom()));
  owed.add(redo_[source]);
  owed_[source] = owed;
  if (owed.empty()) return;
  servers_[source]->ensureSelected(mailbox_.wire[source]);
  questions_.emplace_back(
      source, servers_[source]->fetch(owed, Items::envelope, [this, source](const answer::Message& message) {
        changes_[source]->fresh.push_back(
            {message.uid, static_cast<std::uint32_t>(std::min<std::uint64_t>(message.size, 0xffffffffU))});
      }));
}

bool Pass::answered() {
  for (auto& [side, reply] : questions_)
    if (const answer::Done& done = reply.done(); !done.ok())
      failOrTryAgain(side, done.code == answer::kUnreadable, words(done), ExitStatus::tryAgain);
  return !failed_;
}

// Copies found are mapped. Their flags may have changed since, on either side: both are asked. If the source
// is gone, what looks like our copy may as well be what a user moved here: nothing is expunged for a guess,
// it is new mail. If the copy is gone, the source is copied again.
void Pass::adopt(Side target) {
  Side source = other(target);
  auto adopted = adoptCopies(store_.journal(mailbox_.id, target).intents, candidates_[target]);
  if (adopted.empty()) return;
  Both<UidSet> asked, seen;
  for (const Adopted& pair : adopted) {
    asked[source].add(pair.source);
    asked[target].add(pair.copy);
  }
  for (Side side : kSides) {
    servers_[side]->ensureSelected(mailbox_.wire[side]);
    auto reply =
        servers_[side]->fetch(asked[side], Items::flags, [this, &seen, side](const answer::Message& message) {
          seen[side].add(message.uid);
          if (message.flags) told_[side].insert_or_assign(message.uid, *message.flags);
        });
    if (!reply.done().ok()) return fail(side, words(reply.done()), ExitStatus::tryAgain);
  }
  UidSet sources, copies;
  for (const Adopted& pair : adopted) {
    if (!seen[source].contains(pair.source) || !seen[target].contains(pair.copy)) continue;
    bool toLocal = target == Side::local;
    store_.map(mailbox_.id, toLocal ? pair.copy : pair.source, toLocal ? pair.source : pair.copy, pair.flags);
    store_.settle(mailbox_.id, target, pair.source);
    store_.unrefuse(mailbox_.id, source, pair.source);
    sources.add(pair.source);
    copies.add(pair.copy);
  }
  if (copies.empty()) return;
  log_.info(at(target), "Recovered " + std::to_string(copies.size()) + " UID(s) " + copies.text() +
                            " copied by an interrupted run");
  std::erase_if(changes_[target]->fresh, [&](const Fresh& fresh) { return copies.contains(fresh.uid); });
  if (changes_[source])
    std::erase_if(changes_[source]->fresh, [&](const Fresh& fresh) { return sources.contains(fresh.uid); });
}

// Owed messages that do not exist any more are not owed; what is left of the journal is copied again.
void Pass::settleOwed(Side source) {
  Changes& changes = *changes_[source];
  UidSet there;
  std::ranges::sort(changes.fresh, {}, &Fresh::uid);
  for (const Fresh& fresh : changes.fresh) there.add(fresh.uid);
  UidSet looked = owed_[source];
  looked.add(UidSet::from(changes.listedFrom()));
  for (const store::RefusedMessage& refused : store_.refused(mailbox_.id))
    if (refused.source == source && looked.contains(refused.uid) && !there.contains(refused.uid))
      store_.unrefuse(mailbox_.id, source, refused.uid);
  for (const store::Intent& intent : store_.journal(mailbox_.id, other(source)).intents)
    if (!there.contains(intent.source)) store_.settle(mailbox_.id, other(source), intent.source);
  UidSet never;
  for (const store::RefusedMessage& refused : store_.refused(mailbox_.id))
    if (refused.source == source && !mayTry(refused)) never.add(refused.uid);
  std::erase_if(changes.fresh, [&](const Fresh& fresh) { return never.contains(fresh.uid); });
}

void Pass::begin(Both<Lane*> lanes) {
  if (failed_ || !answered()) return;
  for (Side side : kSides)
    if (changes_[side]) changes_[side]->gone.remove(alive_[side]);
  bool unfinished = !store_.refused(mailbox_.id).empty() || !redo_.local.empty() || !redo_.remote.empty();
  for (Side side : kSides) unfinished = unfinished || !store_.journal(mailbox_.id, side).intents.empty();
  if (unfinished || !known_.local || !known_.remote) resume();
  if (failed_) return;
  makePlan();
  for (Side side : kSides) limitExpunges(side);
  for (const Plan::Conflict& conflict : plan_.conflicts)
    log_.warning(at(Side::local), "Conflicting flag update in " + mailbox_.wire.local.bytes +
                                      " for local UID " + std::to_string(conflict.local.value()) + " (" +
                                      conflict.here.text() + ") and remote UID " +
                                      std::to_string(conflict.remote.value()) + " (" + conflict.there.text() +
                                      "): setting both to the union (" + conflict.both.text() + ")");
  for (Side side : kSides) {
    store(side, request::Store::Change::add, plan_.todo[side].add);
    store(side, request::Store::Change::remove, plan_.todo[side].remove);
  }
  load(lanes);
}

void Pass::makePlan() {
  Both<StorableFlags> storable;
  for (Side side : kSides)
    if (changes_[side]) storable[side] = changes_[side]->selected().storable;
  plan_ = reconcile(touched(), storable);
}

void Pass::preview() {
  if (failed_ || !answered()) return;
  makePlan();
  for (Side side : kSides) {
    auto say = [&](const std::string& what) { log_.notice(at(side), "Would " + what); };
    UidSet refused = store_.refusedUids(mailbox_.id, other(side)), add;
    for (const Fresh& fresh : changes_[other(side)]->fresh) add.add(fresh.uid);
    add = add.minus(refused);
    if (!add.empty())
      say("add " + std::to_string(add.size()) + " UID(s) <- " + servers_[other(side)]->name() + " UID " +
          add.text());
    for (const FlagUpdate& update : plan_.todo[side].add)
      say("add flags (" + update.flags.text() + ") to UID " + update.uids.text());
    for (const FlagUpdate& update : plan_.todo[side].remove)
      say("remove flags (" + update.flags.text() + ") from UID " + update.uids.text());
    if (const UidSet& gone = plan_.todo[side].expunge; !gone.empty())
      say("remove " + std::to_string(gone.size()) + " UID(s) " + gone.text());
  }
}

// Brings the database to where the interrupted run left the servers, or makes the first entry.
void Pass::resume() {
  store::Transaction transaction = store_.begin();
  if (!known_.local || !known_.remote)
    store_.putState(mailbox_.id, reached(Side::local, true), reached(Side::remote, true));
  for (Side side : kSides)
    for (const store::Pair& pair : store_.pairs(mailbox_.id, side, redo_[side]))
      store_.unmap(mailbox_.id, pair.local);
  for (Side side : kSides)
    if (changes_[side] && !failed_) adopt(side);
  for (Side side : kSides)
    if (changes_[side] && !failed_) settleOwed(side);
  if (!failed_) transaction.commit("resume");
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
        if (!touched.base) touched.base = it->second;
      }
      if (changes_[side]) {
        if (auto it = changes_[side]->flags.find(uid); it != changes_[side]->flags.end())
          touched.now[side] = it->second;
        touched.gone[side] = changes_[side]->gone.contains(uid);
      }
    }
  }
  std::vector<Touched> out;
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

void Pass::load(Both<Lane*> lanes) {
  for (Side source : kSides) {
    if (!changes_[source]) continue;
    store::SideState target = reached(other(source), false);
    lanes[source]->add(
        {&mailbox_, std::move(changes_[source]->fresh), target.uidNext, target.uidValidity, again_});
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
  for (const store::Pair& pair : store_.pairs(mailbox_.id, side, gone)) store_.unmap(mailbox_.id, pair.local);
  log_.done().expunged += gone.size();
  log_.info(at(side), "Removed " + std::to_string(gone.size()) + " UID(s) " + gone.text());
}

void Pass::finish(const Both<Lane*>& lanes) {
  if (failed_) return;
  finishFlags();
  for (Side side : kSides) finishExpunge(side);
  for (Uid local : plan_.forget) store_.unmap(mailbox_.id, local);
  if (held_) return;
  store_.putState(mailbox_.id, reached(Side::local, false), reached(Side::remote, false));
  for (Side side : kSides)
    written_[side] = plan_.writes(side) || lanes[other(side)]->appendedTo().contains(&mailbox_) ||
                     lanes[side]->incomplete().contains(&mailbox_);
}

}  // namespace interimap
