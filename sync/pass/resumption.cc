// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pass/resumption.h"

#include <algorithm>
#include <chrono>
#include <ctime>

#include "sync/pass/copy_check.h"

namespace interimap {

namespace {

using Items = request::Fetch::Items;

// After that nothing is taken for a copy that was under way.
constexpr std::chrono::seconds kStraysLive = std::chrono::days(14);

// As it was sent; or it has what the other copy has, too, where a server does not keep all that is sent.
bool isUntouched(const answer::Message& copy, const Sent& sent, const answer::Message& kept) {
  return copy.flags == sent.flags || copy.flags == kept.flags;
}

std::uint32_t clamped(std::uint64_t size) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(size, 0xffffffffU));
}

}  // namespace

void Resumption::disown() {
  for (Side side : kSides) {
    std::map<Uid, Identity> told;
    for (const answer::Message& message : answers_.sources[other(side)])
      if (message.header && message.date)
        told.emplace(message.uid, Identity{*message.header, message.date->seconds(), message.size});
    work_.store.disown(work_.mailbox.id, side, told);
  }
}

bool Resumption::run(const Both<UidSet>& doubles) {
  disown();
  if (!askFor(doubles)) return false;
  for (Side side : kSides)
    if (changes_[side] && !recognise(side)) return false;
  for (Side side : kSides) {
    if (!changes_[side]) continue;
    settleOwed(side);
    forgetDeparted(side);
    work_.store.forgetStrays(work_.mailbox.id, side, std::time(nullptr) - kStraysLive.count());
  }
  return true;
}

// What may have been appended to `target`. What was sent more than once was answered the last time.
std::vector<Sent> Resumption::sent(Side target) const {
  std::vector<Sent> out;
  UidSet unnamed = work_.due.unnamed[target];
  const bool anyDate = !unnamed.empty() || !work_.servers[target]->means().expunges;
  std::vector<store::Stray> strays = work_.store.strays(work_.mailbox.id, target);  // the oldest first
  std::ranges::reverse(strays);
  for (store::Stray& stray : strays) {
    std::optional<Uid> copy;
    if (stray.source) copy = work_.store.partner(work_.mailbox.id, other(target), *stray.source);
    const bool answered = stray.source && unnamed.contains(*stray.source);
    if (answered) unnamed.remove(UidSet::single(*stray.source));
    out.push_back({stray.id, stray.source, copy, stray.identity, std::move(stray.flags), stray.targetNext,
                   stray.content, answered, anyDate});
  }
  std::ranges::reverse(out);
  return out;
}

// False if a server does not answer.
bool Resumption::ask(const Both<UidSet>& uids, Items items) {
  Both<std::optional<Reply<Nothing>>> replies;
  for (Side side : kSides)
    if (!uids[side].empty())
      replies[side] = work_.at(side).fetch(uids[side], items, [this, side](const answer::Message& message) {
        seen_[side].insert_or_assign(message.uid, message);
      });
  for (Side side : kSides)  // both: what is still to come must find us alive
    if (replies[side] && !replies[side]->done().ok()) {
      const answer::Done& done = replies[side]->done();
      work_.failOrTryAgain(side, done.code == answer::kUnreadable, words(done), ExitStatus::tryAgain);
    }
  return !work_.isOver();
}

// Every message was paired anew: what is there twice, and was sent, may have come late. What is there once is
// copied on, though it may be the copy of what is gone by now: nobody can tell any more.
bool Resumption::askFor(const Both<UidSet>& doubles) {
  Both<UidSet> asked;
  for (Side side : kSides)
    if (!work_.store.strays(work_.mailbox.id, side).empty()) asked[side] = doubles[side];
  seen_ = {};
  if (!ask(asked, Items::identity)) return false;
  for (Side side : kSides)
    for (auto& [_, message] : seen_[side]) answers_.candidates[side].push_back(std::move(message));
  return true;
}

// Flags and contents of what looks like something sent.
bool Resumption::look(Side target, const std::vector<Sent>& sent) {
  Question asked = question(sent, answers_.candidates[target]);
  seen_ = {};
  Both<UidSet> contents, plain;
  contents[target] = asked.copies;
  contents[other(target)] = asked.sources;
  plain[target] = asked.plainCopies;
  plain[other(target)] = asked.plainSources;
  return ask(contents, Items::content) && ask(plain, Items::flags);
}

// Of what has not arrived, and has become a stray just now: once its source is gone, nobody could tell.
bool Resumption::describe(Side source, const std::vector<Sent>& sent, const std::vector<Arrived>& arrived) {
  std::vector<bool> isHere(sent.size());
  for (const Arrived& it : arrived) isHere[it.sent] = true;
  Both<UidSet> unknown;
  for (std::size_t i = 0; i < sent.size(); ++i)
    if (!isHere[i] && sent[i].source && !sent[i].copy && !sent[i].content &&
        !seen_[source].contains(*sent[i].source))
      unknown[source].add(*sent[i].source);
  if (!ask(unknown, Items::content)) return false;
  for (std::size_t i = 0; i < sent.size(); ++i) {
    if (isHere[i] || sent[i].content || !sent[i].source) continue;
    auto found = seen_[source].find(*sent[i].source);
    if (found != seen_[source].end() && found->second.content)
      work_.store.setContent(sent[i].stray, *found->second.content);
  }
  return true;
}

// What has arrived of what was sent and not answered, however late. A message that has no copy yet has it
// now; if it was expunged meanwhile, so is the copy, as if no run had been interrupted. A second copy is not
// new mail. It goes if it is ours beyond doubt, as it was sent, and the other copy is there: else it may be
// what a user wants to have there, and stays. Of two copies one may be another installation's: the one with
// the lower UID stays, as with all second copies (surplus.h), and takes the place of ours; also where the
// other one is gone already, as somebody else went by that rule. What has no partner by this may have been
// copied back by another installation.
bool Resumption::recognise(Side target) {
  Side source = other(target);
  std::vector<answer::Message>& candidates = answers_.candidates[target];
  std::erase_if(candidates, [&](const answer::Message& message) {
    return work_.store.partner(work_.mailbox.id, target, message.uid).has_value();
  });
  const std::vector<Sent> sent = this->sent(target);
  if (sent.empty()) return true;
  if (!look(target, sent)) return false;
  Contents contents;
  for (const auto& [uid, message] : seen_[source])
    if (message.content) contents.sources.emplace(uid, *message.content);
  for (const auto& [uid, message] : seen_[target])
    if (message.content) contents.copies.emplace(uid, *message.content);
  const std::vector<Arrived> arrived = interimap::arrived(sent, candidates, contents);
  if (!describe(source, sent, arrived)) return false;
  leaveUnseen(target, sent, arrived);
  UidSet sources, copies, second, &left = left_[target];
  std::map<std::int64_t, bool> settled;  // strays
  for (const Arrived& it : arrived) {
    const Sent& what = sent[it.sent];
    if (what.source && work_.apart.unread[source].contains(*what.source)) {
      // Not gone: its server hangs up at it. The copy waits until it can be asked.
      work_.apart.messages[target].add(UidSet::single(it.copy));
      continue;
    }
    auto copy = seen_[target].find(it.copy);
    bool isThere = what.source && seen_[source].contains(*what.source);
    if (what.source && !isThere) departed_[source].add(*what.source);
    departed_[target].add(it.copy);
    if (copy == seen_[target].end()) continue;  // gone again
    std::optional<Uid> known;                   // perhaps a moment ago
    if (what.source) known = work_.store.partner(work_.mailbox.id, source, *what.source);
    auto kept = known ? seen_[target].find(*known) : seen_[target].end();
    bool isGone = what.source && !isThere && it.proven && isGoneFrom(source, *what.source);
    if (!known && (isThere || isGone)) {
      pair(target, what, it.copy);
      (isGone ? changes_[source]->gone : sources).add(*what.source);
      copies.add(it.copy);
    } else if (it.proven && known && it.copy < *known && changes_[target]->gone.contains(*known)) {
      replace(target, what, *known, it.copy);
      copies.add(it.copy);
    } else if (it.proven && known && it.copy < *known && kept != seen_[target].end() &&
               mayGiveWay(target, kept->second, what, copy->second)) {
      replace(target, what, *known, it.copy);
      work_.surplus[target].emplace(*known, what.stray);
      copies.add(it.copy);
      expectEcho(source, *what.source);
      settled[what.stray] = false;
      continue;
    } else if (it.proven && known && *known < it.copy && kept != seen_[target].end() &&
               isUntouched(copy->second, what, kept->second) && work_.mayExpunge(target)) {
      work_.surplus[target].emplace(it.copy, what.stray);
      second.add(it.copy);
      expectEcho(source, *what.source);
      settled[what.stray] = false;  // until it is gone
      continue;
    } else {
      work_.store.refuse(work_.mailbox.id, target, it.copy, store::Refusal::surplus, "");
      work_.refused[target].add(it.copy);
      left.add(it.copy);
    }
    if (changes_[source] && (isGone || left.contains(it.copy)))
      changes_[source]->partnerless.push_back({it.copy, clamped(copy->second.size)});
    settled.try_emplace(what.stray, true);
  }
  for (const auto& [stray, isSettled] : settled)
    if (isSettled) work_.store.forgetStray(stray);
  std::erase_if(changes_[target]->fresh, [&](const Fresh& fresh) {
    return copies.contains(fresh.uid) || second.contains(fresh.uid) || left.contains(fresh.uid);
  });
  if (changes_[source])
    std::erase_if(changes_[source]->fresh, [&](const Fresh& fresh) { return sources.contains(fresh.uid); });
  if (!copies.empty()) report(target, sources, copies);
  if (!left.empty())
    work_.log.warning(work_.about(target),
                      "UID(s) " + left.text() +
                          " look like copies that an interrupted run had sent, and that arrived late. They "
                          "stay on this side only.");
  return true;
}

// It is ours for sure, and as it was sent.
bool Resumption::mayGiveWay(Side target, const answer::Message& copy, const Sent& sent,
                            const answer::Message& another) const {
  return work_.store.copied(work_.mailbox.id, target).contains(copy.uid) &&
         isUntouched(copy, sent, another) && work_.mayExpunge(target);
}

// `copy` takes the place of the one that is known.
void Resumption::replace(Side target, const Sent& sent, Uid known, Uid copy) {
  work_.store.unmap(work_.mailbox.id, target == Side::local ? known : *sent.source);
  pair(target, sent, copy);
  changes_[target]->flags.erase(known);
  changes_[target]->gone.remove(UidSet::single(known));
}

// Another installation that has seen the second copy copies it on: beside its source, as a new message.
void Resumption::expectEcho(Side source, Uid uid) {
  work_.store.addCopied(work_.mailbox.id, source, UidSet::single(uid));
  auto seen = seen_[source].find(uid);
  if (changes_[source] && seen != seen_[source].end())
    changes_[source]->copied.push_back({uid, clamped(seen->second.size)});
}

// Neither listed nor shown when it was asked for: two witnesses.
bool Resumption::isGoneFrom(Side side, Uid uid) const {
  if (!changes_[side]) return false;
  UidSet looked = answers_.owed[side];
  looked.add(UidSet::from(changes_[side]->listedFrom));
  return looked.contains(uid) &&
         std::ranges::find(changes_[side]->fresh, uid, &Fresh::uid) == changes_[side]->fresh.end();
}

// Whether the target has given out a UID to each of what it has now and of what is not there.
bool Resumption::gaveOut(Side target, const UidSet& unseen) const {
  const std::uint64_t before = work_.begun(target).uidNext.value,
                      now = work_.due.selected[target].uidNext.value;
  auto isNew = [&](const Fresh& it) { return it.uid.value() >= before; };
  const Changes& changes = *changes_[target];
  const auto listed = static_cast<std::uint64_t>(std::ranges::count_if(changes.fresh, isNew) +
                                                 std::ranges::count_if(changes.copied, isNew));
  return now >= before + listed + unseen.size();
}

// The server has said a moment ago that it has stored them, and they are not there. Those that had been given
// a UID would be dropped again for ever. Should they come late, they are recognised.
void Resumption::leaveUnseen(Side target, const std::vector<Sent>& sent,
                             const std::vector<Arrived>& arrived) {
  UidSet unseen;
  for (const Sent& it : sent)
    if (it.answered && !it.copy) unseen.add(UidSet::single(*it.source));
  for (const Arrived& it : arrived)
    if (sent[it.sent].source) unseen.remove(UidSet::single(*sent[it.sent].source));
  if (unseen.empty()) return;
  const Side source = other(target);
  work_.store.settle(work_.mailbox.id, target, unseen);
  const bool dropped = gaveOut(target, unseen);
  for (Uid uid : unseen.each())
    work_.store.refuse(work_.mailbox.id, source, uid,
                       dropped ? store::Refusal::surplus : store::Refusal::refused,
                       dropped ? "" : "the server said that it took it, and has not");
  work_.refused[source].add(unseen);
  unseen_[source].add(unseen);
  if (changes_[source])
    std::erase_if(changes_[source]->fresh, [&](const Fresh& it) { return unseen.contains(it.uid); });
  if (dropped) return reportDropped(work_, source, unseen);
  work_.log.error(work_.about(source),
                  "UID(s) " + unseen.text() + " were taken by " + nameOf(target) +
                      ", as it said, and are not there. They are copied again by the next run.",
                  ExitStatus::tryAgain);
}

// A server that does not tell the UIDs of what is appended has its copies found by the pass that follows.
void Resumption::report(Side target, const UidSet& sources, const UidSet& copies) {
  const std::string count = std::to_string(copies.size()) + " UID(s) ";
  if (work_.due.unnamed[target].empty())
    return work_.log.info(work_.about(target).with(copies),
                          "Recovered " + count + copies.text() + " copied by an interrupted run");
  bool toLocal = target == Side::local;
  (toLocal ? work_.log.done().copiedToLocal : work_.log.done().copiedToRemote) += copies.size();
  const UidSet& here = toLocal ? copies : sources;
  work_.log.info(
      work_.about(Side::local).with(here),
      "Added " + count + here.text() + (toLocal ? " <- " : " -> ") + (toLocal ? sources : copies).text());
}

// Their flags may have changed since, on either side. What a copy lacks that was listed before and left
// alone, its server may not have kept.
void Resumption::pair(Side target, const Sent& sent, Uid copy) {
  Both<Uid> uids{copy, copy};
  uids[other(target)] = *sent.source;
  const auto& known = work_.known[target];
  Flags base = sent.flags;
  if (auto seen = seen_[target].find(copy);
      known && copy.value() < known->uidNext.value && seen != seen_[target].end() && seen->second.flags)
    base = base & *seen->second.flags;
  work_.store.map(work_.mailbox.id, uids.local, uids.remote, base);
  work_.store.settle(work_.mailbox.id, target, *sent.source);
  work_.store.addCopied(work_.mailbox.id, target, UidSet::single(copy));
  work_.store.unrefuse(work_.mailbox.id, other(target), *sent.source);
  work_.store.unrefuse(work_.mailbox.id, target, copy);
  for (Side side : kSides)
    if (auto seen = seen_[side].find(uids[side]); seen != seen_[side].end() && seen->second.flags)
      answers_.told[side].insert_or_assign(uids[side], *seen->second.flags);
}

// Owed messages that do not exist any more are not owed; what is left of the journal is copied again, though
// it was refused before: this time nobody has answered.
void Resumption::settleOwed(Side source) {
  Changes& changes = *changes_[source];
  UidSet there;
  std::ranges::sort(changes.fresh, {}, &Fresh::uid);
  for (const Fresh& fresh : changes.fresh) there.add(fresh.uid);
  there.add(left_[source]);
  there.add(unseen_[source]);
  UidSet looked = answers_.owed[source];
  looked.add(UidSet::from(changes.listedFrom));
  for (const store::RefusedMessage& it : work_.store.refused(work_.mailbox.id))
    if (it.source == source && looked.contains(it.uid) && !there.contains(it.uid))
      work_.store.unrefuse(work_.mailbox.id, source, it.uid);
  UidSet begun;
  for (const store::Intent& intent : work_.store.journal(work_.mailbox.id, other(source)).intents)
    begun.add(intent.source);
  work_.store.settle(work_.mailbox.id, other(source), begun.minus(there));
  UidSet never;
  for (const store::RefusedMessage& it : work_.store.refused(work_.mailbox.id))
    if (it.source == source && !mayTry(work_, it)) never.add(it.uid);
  never.remove(begun);
  std::erase_if(changes.fresh, [&](const Fresh& fresh) { return never.contains(fresh.uid); });
}

// Messages that were on one side alone, and are gone from there.
void Resumption::forgetDeparted(Side side) {
  UidSet departed = changes_[side]->strangersGone.intersect(work_.refused[side]).minus(answers_.alive[side]);
  for (Uid uid : departed.each()) work_.store.unrefuse(work_.mailbox.id, side, uid);
}

}  // namespace interimap
