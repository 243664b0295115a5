// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Pass: messages that both sides have already are paired, not copied. In a mailbox whose UIDs lost their
// meaning that is done with all of them.
#include <algorithm>

#include "sync/pass/pass.h"

#include "ipc/side.h"

namespace interimap {

namespace {

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

// Where nothing was ever brought to an end, or everything is compared, a message may be on both sides without
// our doing: copying it would double it.
bool Pass::mayHaveTwins() const {
  if (!changes_.local || !changes_.remote) return false;
  auto isFirst = [](const std::optional<store::SideState>& known) {
    return !known || known->uidNext.value == 0;
  };
  return due_.afresh || isFull() || (isFirst(known_.local) && isFirst(known_.remote));
}

// Of those that are new on both sides only the ones of a size that the other side has, too; unless it is
// known, or said, that both have the same mail: servers do not always agree on sizes.
void Pass::askTwins() {
  bool all = due_.afresh || settings_.adopt;
  Both<std::vector<std::uint32_t>> sizes;
  for (Side side : kSides) {
    for (const Fresh& fresh : changes_[side]->fresh) sizes[side].push_back(fresh.size);
    std::ranges::sort(sizes[side]);
  }
  twins_ = std::make_unique<TwinSearch>(servers_, mailbox_);
  for (Side side : kSides) {
    const std::vector<std::uint32_t>& theirs = sizes[other(side)];
    UidSet uids;
    for (const Fresh& fresh : changes_[side]->fresh)
      if (fresh.size > 0 && !theirs.empty() && (all || std::ranges::binary_search(theirs, fresh.size)))
        uids.add(fresh.uid);
    // Of all there are one range will do: a million may have as many gaps between them.
    if (!uids.empty() && uids.size() == changes_[side]->selected().exists)
      uids = UidSet::range(uids.first().value(), uids.last().value());
    twins_->ask(side, uids);
  }
  if (!due_.afresh && !twins_->asked()) twins_.reset();
}

// False if they cannot be told.
bool Pass::findTwins() {
  Both<UidValidity> validity{changes_.local->selected().uidValidity, changes_.remote->selected().uidValidity};
  auto taken = [this](Side side, Uid uid) {
    return !due_.afresh && (departed_[side].contains(uid) || partnered(side, uid));
  };
  if (auto trouble = twins_->finish(validity, taken)) {
    failOrTryAgain(trouble->side, trouble->again, trouble->text, ExitStatus::tryAgain);
    return false;
  }
  for (Side side : kSides)
    if (const UidSet& unclear = twins_->unclear()[side]; !unclear.empty())
      log_.warning(at(side), "UID(s) " + unclear.text() + " look like messages that " +
                                 servers_[other(side)]->name() +
                                 " has, but could not be compared. They are copied.");
  return true;
}

// Whether what is known of this side's UIDs means nothing any more.
bool Pass::isMeaningless(Side side) const { return distrusted_ || changes_[side]->meaningless(); }

// UIDs lost their meaning: another pass takes the mailbox afresh, unless that was tried in vain. A server
// that was restored from a backup lost messages as well, which a user has to know.
bool Pass::recovers(const Both<std::optional<Changes::Trouble>>& troubles) {
  Both<UidValidity> validity;
  bool any = false;
  for (Side side : kSides) {
    validity[side] = changes_[side] ? changes_[side]->selected().uidValidity : known_[side]->uidValidity;
    if (!troubles[side]) continue;
    if (!troubles[side]->afresh || (troubles[side]->hold && !settings_.adopt)) return false;
    any = true;
  }
  if (!any || due_.recovered) return false;
  auto unlike = store_.unlike(mailbox_.id, validity.local, validity.remote);
  for (Side side : kSides) {
    if (!troubles[side]) continue;
    if (unlike && !settings_.adopt)
      fail(side, troubles[side]->text + *unlike + startAfresh(mailbox_), ExitStatus::data);
    else
      log_.warning(at(side), troubles[side]->text + " Comparing every message.");
  }
  if (!failed_) next_ = Due{.mailbox = &mailbox_, .again = due_.again, .afresh = true, .recovered = true};
  failed_ = true;
  return true;
}

// Whether enough of the messages that were known have been found again to take it for the same mailbox. Where
// one side's UIDs still hold, it is known which of them are still there; else at most as many can be found as
// there are.
bool Pass::isRecognised() {
  std::uint64_t known = 0, found = 0;
  if (isMeaningless(Side::local) && isMeaningless(Side::remote)) {
    std::size_t most = std::max(changes_.local->fresh.size(), changes_.remote->fresh.size());
    known = std::min<std::uint64_t>(store_.count(mailbox_.id), most);
    found = std::min<std::uint64_t>(known, twins_->found().size());
  } else {
    Side kept = isMeaningless(Side::local) ? Side::remote : Side::local;
    known = changes_[kept]->stillThere();
    const std::vector<Uid> twinned = twinsOn(kept);
    store_.forEachMapped(mailbox_.id, kept,
                         [&](Uid uid) { found += std::ranges::binary_search(twinned, uid) ? 1 : 0; });
  }
  std::string text = number(found) + " of " + number(known) + " known messages are the same on both sides.";
  if (settings_.adopt || isStillTheSame(known, found)) {
    log_.notice(at(Side::local), "Every message compared: " + text);
    return true;
  }
  for (Side side : kSides)
    if (auto meaningless = changes_[side]->meaningless())
      fail(side, meaningless->text + " Only " + text + startAfresh(mailbox_), ExitStatus::data);
  if (settings_.dryRun) return false;
  store::Transaction transaction = store_.begin();
  store_.setUnlike(mailbox_.id, changes_.local->selected().uidValidity,
                   changes_.remote->selected().uidValidity, " Only " + text);
  transaction.commit("unlike");
  return false;
}

// The flags that both had in common, if that is known for sure. A flag that is missing where UIDs lost their
// meaning may have been lost with them: it is not taken for removed there.
std::optional<Flags> Pass::baseAfresh(const Twins& twins) const {
  if (!twins.alone || !store_.hasBase(mailbox_.id) ||
      isMeaningless(Side::local) == isMeaningless(Side::remote))
    return std::nullopt;
  Side kept = isMeaningless(Side::local) ? Side::remote : Side::local;
  auto local = kept == Side::local ? std::optional(twins.local)
                                   : store_.partner(mailbox_.id, Side::remote, twins.remote);
  auto base = local ? store_.base(mailbox_.id, *local) : std::nullopt;
  return base ? std::optional(*base & twins_->flags(twins.flags[other(kept)])) : std::nullopt;
}

// Twins whose flags differ are merged like all pairs; without a base nothing of their flags is lost.
void Pass::touchTwins() {
  for (const Twins& twins : twins_->found()) {
    if (twins.flags.local == twins.flags.remote) continue;
    joined_.push_back({twins.local,
                       twins.remote,
                       due_.afresh ? baseAfresh(twins) : std::nullopt,
                       {twins_->flags(twins.flags.local), twins_->flags(twins.flags.remote)},
                       {}});
  }
}

// They are pairs from now on.
void Pass::joinTwins() {
  Both<UidSet> intended;
  for (Side side : kSides)
    for (const store::Intent& intent : store_.journal(mailbox_.id, other(side)).intents)
      intended[side].add(intent.source);
  for (const Twins& twins : twins_->found()) {
    bool same = twins.flags.local == twins.flags.remote;
    store_.map(mailbox_.id, twins.local, twins.remote,
               same ? std::optional(twins_->flags(twins.flags.local)) : std::nullopt);
    for (Side side : kSides) {
      Uid uid = side == Side::local ? twins.local : twins.remote;
      if (intended[side].contains(uid)) store_.settle(mailbox_.id, other(side), uid);
      if (refused_[side].contains(uid)) store_.unrefuse(mailbox_.id, side, uid);
    }
  }
  for (const Touched& twins : joined_)
    if (twins.base) store_.setBase(mailbox_.id, twins.local, *twins.base);
  reportTwins();
}

// Ascending. A list, as it takes less than a set of which every UID is a range.
std::vector<Uid> Pass::twinsOn(Side side) const {
  std::vector<Uid> uids;
  uids.reserve(twins_->found().size());
  for (const Twins& twins : twins_->found()) uids.push_back(side == Side::local ? twins.local : twins.remote);
  std::ranges::sort(uids);
  return uids;
}

// Of what would be copied. The UIDs ascend.
void Pass::leaveOut(Side side, const std::vector<Uid>& uids) {
  std::vector<Fresh>& fresh = changes_[side]->fresh;
  std::erase_if(fresh, [&](const Fresh& it) { return std::ranges::binary_search(uids, it.uid); });
  fresh.shrink_to_fit();
}

// From here on they are nothing to be copied.
void Pass::reportTwins() {
  if (twins_->found().empty()) return;
  Both<std::string> texts;
  for (Side side : kSides) {
    const std::vector<Uid> uids = twinsOn(side);
    leaveOut(side, uids);
    texts[side] = shown(uids);
  }
  std::string text = number(twins_->found().size()) + " UID(s) " + texts.local +
                     " on both sides already: remote UID(s) " + texts.remote;
  if (settings_.dryRun)
    log_.notice(at(Side::local), "Would pair " + text);
  else
    log_.info(at(Side::local), "Found " + text);
}

// The pairs that there were, and all that hangs on them, give way to the new ones, in one transaction.
// Nothing is expunged: what has no partner is new.
void Pass::startOver() {
  store::Transaction transaction = store_.begin();
  touchTwins();
  for (Side side : kSides)
    if (isMeaningless(side))
      for (Uid uid : std::exchange(refused_[side], {}).each()) store_.unrefuse(mailbox_.id, side, uid);
  store_.forgetPairs(mailbox_.id);
  for (Side side : kSides) known_[side] = store::SideState{changes_[side]->selected().uidValidity, {0}, {0}};
  store_.putState(mailbox_.id, *known_.local, *known_.remote);
  joinTwins();
  transaction.commit("start over");
}

}  // namespace interimap
