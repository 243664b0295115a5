// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pass/pairing.h"

#include <algorithm>
#include <utility>

#include "sync/pass/touched.h"

namespace interimap {

namespace {

// Octets that other programs add to a copy: "X-TUID: " with twelve characters, X-OfflineIMAP: with up to
// some twenty.
constexpr std::uint32_t kLongestMark = 64;
// So many Message-IDs that agree while the contents do not are not a few drafts.
constexpr std::uint64_t kMostDrafts = 5;

std::string number(std::uint64_t n) { return std::to_string(n); }

// As much as can be seen of them in a log line: a range takes two characters at the least. They ascend.
std::string shown(const std::vector<Uid>& uids) {
  UidSet beginning;
  for (Uid uid : uids) {
    beginning.add(uid);
    if (beginning.ranges().size() > kMostLogText / 2) break;
  }
  return beginning.text();
}

}  // namespace

bool Pairing::isFirst() const {
  return std::ranges::all_of(
      kSides, [&](Side side) { return !work_.known[side] || work_.known[side]->uidNext.value == 0; });
}

// What is new on both sides may be one message in every pass: another interimap, a filter or a user put it
// there. Then only those are looked at of which the other side has one of about that size, since other
// programs add a line to their copies. Where it is known, said, or likely that both have the same mail, all
// are: servers do not always agree on sizes.
void Pairing::ask() {
  if (!changes_.local || !changes_.remote) return;
  bool all = work_.due.afresh || work_.settings.adopt || isFirst();
  // What was left out was so by its UID, which is another message's now.
  if (work_.due.afresh)
    for (Side side : kSides)
      if (isMeaningless(side)) work_.leaveNothingOut(side);
  Both<std::vector<std::uint32_t>> sizes;
  for (Side side : kSides) {
    for (const Fresh& fresh : changes_[side]->fresh) sizes[side].push_back(fresh.size);
    std::ranges::sort(sizes[side]);
  }
  search_ = std::make_unique<TwinSearch>(
      work_.servers, work_.mailbox,
      work_.settings.byMessageId ? TwinSearch::By::messageId : TwinSearch::By::content);
  for (Side side : kSides) {
    const std::vector<std::uint32_t>& theirs = sizes[other(side)];
    auto isMatched = [&](std::uint32_t size) {
      auto it = std::ranges::lower_bound(theirs, size - std::min(size, kLongestMark));
      return it != theirs.end() && *it <= std::uint64_t{size} + kLongestMark;
    };
    UidSet uids;
    for (const Fresh& fresh : changes_[side]->fresh)
      if (fresh.size > 0 && !theirs.empty() && (all || isMatched(fresh.size))) uids.add(fresh.uid);
    // Of all there are one range will do: a million may have as many gaps between them.
    if (!uids.empty() && uids.size() == work_.due.selected[side].exists)
      uids = UidSet::range(uids.first().value(), uids.last().value());
    search_->ask(side, uids);
  }
  if (!work_.due.afresh && !search_->asked()) search_.reset();
}

void Pairing::wait() {
  if (search_) search_->wait();
}

bool Pairing::find(const Both<UidSet>& departed) {
  Both<UidValidity> validity{work_.validity(Side::local), work_.validity(Side::remote)};
  auto taken = [&](Side side, Uid uid) {
    return !work_.due.afresh && (departed[side].contains(uid) || isPartnered(side, uid));
  };
  if (auto trouble = search_->finish(validity, taken)) {
    work_.failOrTryAgain(trouble->side, trouble->again, trouble->text, ExitStatus::tryAgain);
    return false;
  }
  for (Side side : kSides)
    if (const UidSet& unclear = search_->unclear()[side]; !unclear.empty())
      work_.log.warning(work_.about(side), "UID(s) " + unclear.text() + " look like messages that " +
                                               work_.servers[other(side)]->name() +
                                               " has, but could not be compared. They are copied.");
  return !wouldDouble();
}

// Somebody has altered what both have: a server, or a program that has copied it.
bool Pairing::wouldDouble() {
  if (!isFirst() || work_.due.afresh || work_.settings.adopt) return false;
  const std::uint64_t fewer = std::min(search_->seen().local, search_->seen().remote),
                      common = search_->common(), found = search_->found().size();
  if (common < kMostDrafts || common * 2 < fewer || found * 2 >= common) {
    if (common > found)
      work_.log.warning(work_.about(Side::local),
                        number(common - found) +
                            " message(s) have the same Message-ID on both sides, but not the same content. "
                            "Each is copied to the other side.");
    return false;
  }
  const std::string name = work_.mailbox.shown();
  work_.fail(Side::local,
             number(common) + " of " + number(fewer) +
                 " messages have the same Message-ID on both sides, but only " + number(found) +
                 " have the same content: the others would be doubled. Nothing is copied. If a server or "
                 "another program has altered them, `interimap --adopt=message-id " +
                 name + "` pairs them; if they are different messages, `interimap --adopt " + name +
                 "` copies them.",
             ExitStatus::data);
  return true;
}

bool Pairing::isPartnered(Side side, Uid uid) const {
  return work_.store.partner(work_.mailbox.id, side, uid).has_value();
}

// Whether what is known of this side's UIDs means nothing any more.
bool Pairing::isMeaningless(Side side) const { return work_.distrusted || changes_[side]->meaningless; }

// Where one side's UIDs still hold, it is known which of them are still there; else at most as many can be
// found as there are.
bool Pairing::isRecognised() {
  std::uint64_t known = 0, found = 0;
  if (isMeaningless(Side::local) && isMeaningless(Side::remote)) {
    std::size_t most = std::max(changes_.local->fresh.size(), changes_.remote->fresh.size());
    known = std::min<std::uint64_t>(work_.store.count(work_.mailbox.id), most);
    found = std::min<std::uint64_t>(known, search_->found().size());
  } else {
    Side kept = isMeaningless(Side::local) ? Side::remote : Side::local;
    known = changes_[kept]->stillThere;
    const std::vector<Uid> twinned = foundOn(kept);
    work_.store.forEachMapped(work_.mailbox.id, kept,
                              [&](Uid uid) { found += std::ranges::binary_search(twinned, uid) ? 1 : 0; });
  }
  std::string text = number(found) + " of " + number(known) + " known messages are the same on both sides.";
  if (work_.settings.adopt || isStillTheSame(known, found)) {
    work_.log.notice(work_.about(Side::local), "Every message compared: " + text);
    return true;
  }
  for (Side side : kSides)
    if (auto meaningless = changes_[side]->meaningless)
      work_.fail(side, meaningless->text + " Only " + text + startAfresh(work_.mailbox, side),
                 ExitStatus::data);
  if (work_.settings.dryRun) return false;
  store::Transaction transaction = work_.store.begin();
  work_.store.setUnlike(work_.mailbox.id, work_.validity(Side::local), work_.validity(Side::remote),
                        " Only " + text);
  transaction.commit("unlike");
  return false;
}

// The flags that both had in common, if that is known for sure. A flag that is missing where UIDs lost their
// meaning may have been lost with them: it is not taken for removed there.
std::optional<Flags> Pairing::baseAfresh(const Twins& twins, const Both<UidSet>& notSeen) const {
  if (!twins.alone || !work_.store.hasBase(work_.mailbox.id) ||
      isMeaningless(Side::local) == isMeaningless(Side::remote))
    return std::nullopt;
  Side kept = isMeaningless(Side::local) ? Side::remote : Side::local;
  auto local = kept == Side::local ? std::optional(twins.local)
                                   : work_.store.partner(work_.mailbox.id, Side::remote, twins.remote);
  auto base = local ? work_.store.base(work_.mailbox.id, *local) : std::nullopt;
  if (!base) return std::nullopt;
  base = *base & search_->flags(twins.flags[other(kept)]);
  if (notSeen[kept].contains(kept == Side::local ? twins.local : twins.remote))
    base = *base & search_->flags(twins.flags[kept]);
  return base;
}

// Twins whose flags differ are merged like all pairs; without a base nothing of their flags is lost.
std::vector<Touched> Pairing::touched() const {
  std::vector<Touched> out;
  Both<UidSet> notSeen;
  if (work_.due.afresh)
    for (Side side : kSides) notSeen[side] = copiesNotSeen(work_, side);
  for (const Twins& twins : search_->found()) {
    if (twins.flags.local == twins.flags.remote) continue;
    out.push_back({twins.local,
                   twins.remote,
                   work_.due.afresh ? baseAfresh(twins, notSeen) : std::nullopt,
                   {search_->flags(twins.flags.local), search_->flags(twins.flags.remote)},
                   {}});
  }
  return out;
}

// They are pairs from now on.
void Pairing::map(const std::vector<Touched>& different) {
  Both<UidSet> intended;
  for (Side side : kSides)
    for (const store::Intent& intent : work_.store.journal(work_.mailbox.id, other(side)).intents)
      intended[side].add(intent.source);
  for (const Twins& twins : search_->found()) {
    bool same = twins.flags.local == twins.flags.remote;
    work_.store.map(work_.mailbox.id, twins.local, twins.remote,
                    same ? std::optional(search_->flags(twins.flags.local)) : std::nullopt);
    for (Side side : kSides) {
      Uid uid = side == Side::local ? twins.local : twins.remote;
      if (intended[side].contains(uid)) work_.store.settle(work_.mailbox.id, other(side), uid);
      if (work_.refused[side].contains(uid)) work_.store.unrefuse(work_.mailbox.id, side, uid);
    }
  }
  for (const Touched& twins : different)
    if (twins.base) work_.store.setBase(work_.mailbox.id, twins.local, *twins.base);
  report();
}

std::vector<Touched> Pairing::join() {
  std::vector<Touched> different = touched();
  map(different);
  search_.reset();
  return different;
}

std::vector<Touched> Pairing::preview() {
  report();
  return touched();
}

// Ascending. A list, as it takes less than a set of which every UID is a range.
std::vector<Uid> Pairing::foundOn(Side side) const {
  std::vector<Uid> uids;
  uids.reserve(search_->found().size());
  for (const Twins& twins : search_->found())
    uids.push_back(side == Side::local ? twins.local : twins.remote);
  std::ranges::sort(uids);
  return uids;
}

// Of what would be copied. The UIDs ascend.
void Pairing::leaveOut(Side side, const std::vector<Uid>& uids) {
  std::vector<Fresh>& fresh = changes_[side]->fresh;
  std::erase_if(fresh, [&](const Fresh& it) { return std::ranges::binary_search(uids, it.uid); });
  fresh.shrink_to_fit();
}

// From here on they are nothing to be copied.
void Pairing::report() {
  if (search_->found().empty()) return;
  Both<std::string> texts;
  for (Side side : kSides) {
    const std::vector<Uid> uids = foundOn(side);
    leaveOut(side, uids);
    texts[side] = shown(uids);
  }
  std::string text = number(search_->found().size()) + " UID(s) " + texts.local +
                     " on both sides already: remote UID(s) " + texts.remote;
  if (work_.settings.dryRun)
    work_.log.notice(work_.about(Side::local), "Would pair " + text);
  else
    work_.log.info(work_.about(Side::local), "Found " + text);
}

// Of about the same size; where every message was paired anew, whatever their sizes: servers do not always
// agree on them, and it does not happen every day.
void Pairing::letWait() {
  for (Side side : kSides) {
    if (!changes_[side] || !changes_[other(side)] || work_.apart.unread[side].empty()) continue;
    if (work_.access(side).readOnly) continue;  // nothing is copied there
    bool anyMay = false;
    for (Uid uid : work_.apart.unread[side].each())
      anyMay = anyMay || (work_.due.afresh && !isPartnered(side, uid));
    std::vector<std::uint32_t> unread;
    for (const Fresh& fresh : changes_[side]->fresh)
      if (work_.apart.unread[side].contains(fresh.uid)) unread.push_back(fresh.size);
    auto isLike = [](std::uint32_t a, std::uint32_t b) {
      return std::max(a, b) - std::min(a, b) <= kLongestMark;
    };
    UidSet suspects;
    for (const Fresh& fresh : changes_[other(side)]->fresh)
      if (anyMay || std::ranges::any_of(unread, [&](std::uint32_t size) { return isLike(size, fresh.size); }))
        suspects.add(UidSet::single(fresh.uid));
    if (suspects.empty()) continue;
    store::Transaction transaction = work_.store.begin();
    work_.store.suspect(work_.mailbox.id, side, UidNext{1}, suspects);
    transaction.commit("suspect");
    work_.setApart();
  }
}

// Nothing is expunged: what has no partner is new.
std::vector<Touched> Pairing::startOver() {
  store::Transaction transaction = work_.store.begin();
  std::vector<Touched> different = touched();
  for (Side side : kSides)
    if (isMeaningless(side))
      for (Uid uid : std::exchange(work_.refused[side], {}).each())
        work_.store.unrefuse(work_.mailbox.id, side, uid);
  for (const store::Hangup& hangup : work_.store.hangups(work_.mailbox.id))
    if (hangup.asked != store::Hangup::Asked::mailbox && isMeaningless(hangup.sideOfUids()))
      work_.store.forgetHangup(hangup.id);
  work_.setApart();
  work_.store.forgetPairs(work_.mailbox.id);
  for (Side side : kSides) work_.known[side] = store::SideState{work_.validity(side), {0}, {0}};
  work_.store.putState(work_.mailbox.id, *work_.known.local, *work_.known.remote);
  map(different);
  transaction.commit("start over");
  doubles_ = search_->doubles();
  search_.reset();
  return different;
}

}  // namespace interimap
