// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pass/changes.h"

#include <algorithm>

namespace interimap {

namespace {

// Message sequence match data: servers read lines of a few kilobytes.
constexpr std::size_t kLongestSample = 256;

std::string number(std::uint64_t n) { return std::to_string(n); }

// The highest of them, as many as can be written down in so many characters.
UidSet highest(const UidSet& uids, std::size_t characters) {
  UidSet out;
  std::size_t length = 0;
  const auto& ranges = uids.ranges();
  for (auto it = ranges.rbegin(); it != ranges.rend(); ++it) {
    length += UidSet::range(it->first, it->last).text().size() + 1;
    if (length > characters) break;
    out.add(*it);
  }
  return out;
}

}  // namespace

Changes::Changes(Server& server, const store::Store& store, const Mailbox& mailbox,
                 std::optional<store::SideState> known, Look look)
    : server_(server),
      store_(store),
      mailbox_(mailbox),
      known_(known),
      hasBase_(store.hasBase(mailbox.id)),
      full_(look == Look::everything),
      afresh_(look == Look::afresh) {
  if (!afresh_ && known_ && known_->uidNext.value > 0) knownNext_ = known_->uidNext;
  if (!full_) listedFrom_ = knownNext_;
}

// A server that has forgotten what was expunged when finds out by the sample: it names our last messages and
// the numbers they had (RFC 7162 section 3.2.5.2). For that we must know of every message there was, so there
// is none after a kill.
request::Known Changes::known() const {
  request::Known known{known_->uidValidity, known_->highestModSeq, UidSet::below(known_->uidNext), 0, {}};
  bool interrupted = !mapped_.intersect(UidSet::from(known_->uidNext)).empty();
  for (Side side : {Side::local, Side::remote})
    interrupted = interrupted || !store_.journal(mailbox_.id, side).intents.empty();
  if (full_ || interrupted) return known;
  UidSet all = mapped_;
  all.add(store_.refusedUids(mailbox_.id, server_.side()));
  known.sample = highest(all, kLongestSample);
  known.count = static_cast<std::uint32_t>(all.size());
  return known;
}

void Changes::ask() {
  mapped_ = store_.mapped(mailbox_.id, server_.side());
  std::optional<request::Known> qresync;
  if (!afresh_ && known_ && known_->highestModSeq.value > 0 && known_->uidNext.value > 1) qresync = known();
  selectReply_ = server_.select(
      mailbox_.wire[server_.side()], qresync,
      [this](const answer::Message& changed) {
        if (!UidSet::below(listedFrom_).contains(changed.uid)) return;
        if (!mapped_.contains(changed.uid))
          strangersChanged.add(changed.uid);
        else if (changed.flags)
          message(changed.uid, *changed.flags);
      },
      [this](const UidSet& vanished) {
        gone.add(vanished.intersect(mapped_));
        strangersGone.add(vanished.minus(mapped_));
      });
  listReply_ = server_.fetch(UidSet::from(listedFrom_), request::Fetch::Items::sizes,
                             [this](const answer::Message& message) { listed(message); });
}

// From listedFrom on the listing is complete up to the UIDNEXT that SELECT told; what is beyond arrived later
// and is for the next time.
void Changes::listed(const answer::Message& listed) {
  if (listed.uid.value() >= selectReply_.get().uidNext.value) return;
  if (!afresh_) seen_.add(listed.uid);
  if (!afresh_ && mapped_.contains(listed.uid)) {
    if (listed.flags) message(listed.uid, *listed.flags);
    if (copies_ != nullptr)
      if (auto copy = copies_->find(listed.uid); copy && !copy.isOfSize(listed.size))
        doubtful.add(listed.uid);
    if (full_ && known_ && listed.modSeq.value > 0 && listed.modSeq <= known_->highestModSeq)
      unreported.add(listed.uid);
  } else {
    fresh.push_back(
        {listed.uid, static_cast<std::uint32_t>(std::min<std::uint64_t>(listed.size, 0xffffffffU))});
  }
}

// Of a copy just made we know the base, and need not ask the database.
bool Changes::isAsKnown(Uid uid, const Flags& now) const {
  if (!hasBase_) return false;
  if (copies_ != nullptr)
    if (const Flags* sent = copies_->find(uid).flags()) return *sent == now;
  auto base = store_.base(mailbox_.id, server_.side(), uid);
  return base && *base == now;
}

void Changes::message(Uid uid, const Flags& now) {
  if (!mapped_.contains(uid)) return;
  if (isAsKnown(uid, now))
    flags.erase(uid);
  else
    flags.insert_or_assign(uid, now);
}

std::optional<Changes::Trouble> Changes::collect() {
  const answer::Done& done = selectReply_.done();
  listReply_.done();  // whatever SELECT said: what is still to come must find us alive
  for (const answer::Done* it : {&done, &listReply_.done()})
    if (!it->ok())
      return Trouble{
          .text = words(*it), .status = ExitStatus::tryAgain, .again = it->code == answer::kUnreadable};
  selected_ = selectReply_.get();
  auto trouble = regressed();
  if (trouble && afresh_ && trouble->afresh) meaningless_ = std::exchange(trouble, {});
  if (trouble) return trouble;
  std::ranges::sort(fresh, {}, &Fresh::uid);
  auto same = [](const Fresh& a, const Fresh& b) { return a.uid == b.uid; };
  fresh.erase(std::unique(fresh.begin(), fresh.end(), same), fresh.end());
  if (afresh_) {
    gone = strangersGone = {};
    const UidSet mapped = std::exchange(mapped_, {});
    auto isMapped = [&](const Fresh& it) { return mapped.contains(it.uid); };
    if (!meaningless_) stillThere_ = static_cast<std::uint64_t>(std::ranges::count_if(fresh, isMapped));
    return std::nullopt;
  }
  const UidSet seen = std::exchange(seen_, {});
  gone.remove(seen);
  gone.add(mapped_.intersect(UidSet::from(knownNext_)).minus(seen));
  lost = mapped_.intersect(UidSet::from(listedFrom_)).minus(seen).minus(gone);
  for (Uid uid : gone.intersect(UidSet::below(listedFrom_)).each()) flags.erase(uid);
  return std::nullopt;
}

// Whether the mailbox is one to be synchronised, and still the one that it was.
std::optional<Changes::Trouble> Changes::regressed() const {
  if (selected_.uidNotSticky) return Trouble{"Mailbox does not support persistent UIDs.", ExitStatus::data};
  if (selected_.highestModSeq.value == 0) return Trouble{"Mailbox doesn't support MODSEQ.", ExitStatus::data};
  if (selected_.uidNext.value == 0 || selected_.uidValidity.value == 0)
    return Trouble{"Unknown UIDNEXT value or UIDVALIDITY.", ExitStatus::protocol};
  if (!known_) return std::nullopt;
  auto another = [](std::string text, bool hold) {
    return Trouble{.text = std::move(text), .status = ExitStatus::data, .afresh = true, .hold = hold};
  };
  if (known_->uidValidity != selected_.uidValidity)
    return another("UIDVALIDITY changed! (" + number(selected_.uidValidity.value) +
                       " != " + number(known_->uidValidity.value) + ") Need to invalidate the UID cache.",
                   false);
  const char* restored = ": was the server restored from a backup?";
  if (UidNext least = std::max(known_->uidNext, store_.leastNext(mailbox_.id, server_.side()));
      selected_.uidNext < least)
    return another(
        "UIDNEXT went back from " + number(least.value) + " to " + number(selected_.uidNext.value) + restored,
        true);
  if (selected_.highestModSeq < known_->highestModSeq)
    return another("HIGHESTMODSEQ went back from " + number(known_->highestModSeq.value) + " to " +
                       number(selected_.highestModSeq.value) + restored,
                   true);
  return std::nullopt;
}

}  // namespace interimap
