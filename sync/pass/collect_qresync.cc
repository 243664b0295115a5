// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pass/collect_qresync.h"

#include <algorithm>
#include <utility>

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

CollectQresync::CollectQresync(Server& server, const store::Store& store, const Mailbox& mailbox,
                               std::optional<store::SideState> known, Extent extent, const Copies* copies)
    : server_(server),
      store_(store),
      mailbox_(mailbox),
      known_(known),
      extent_(extent),
      copies_(copies),
      knownFlags_(store, mailbox.id, server.side(), copies) {
  if (extent_ != Extent::afresh && known_ && known_->uidNext.value > 0) changes_.knownNext = known_->uidNext;
  if (extent_ != Extent::everything) changes_.listedFrom = changes_.knownNext;
}

// A server that has forgotten what was expunged when finds out by the sample: it names our last messages and
// the numbers they had (RFC 7162 section 3.2.5.2). For that we must know of every message there was, so there
// is none after a kill.
request::Known CollectQresync::known() const {
  request::Known known{known_->uidValidity, known_->highestModSeq, UidSet::below(known_->uidNext), 0, {}};
  bool interrupted = !mapped_.intersect(UidSet::from(known_->uidNext)).empty();
  for (Side side : kSides) interrupted = interrupted || !store_.journal(mailbox_.id, side).intents.empty();
  if (extent_ == Extent::everything || interrupted) return known;
  UidSet all = mapped_;
  all.add(store_.refusedUids(mailbox_.id, server_.side()));
  known.sample = highest(all, kLongestSample);
  known.count = static_cast<std::uint32_t>(all.size());
  return known;
}

void CollectQresync::ask() {
  mapped_ = store_.mapped(mailbox_.id, server_.side());
  std::optional<request::Known> qresync;
  if (extent_ != Extent::afresh && known_ && known_->highestModSeq.value > 0 && known_->uidNext.value > 1)
    qresync = known();
  selectReply_ = server_.select(
      mailbox_.wire[server_.side()], qresync,
      [this](const answer::Message& changed) {
        if (!UidSet::below(changes_.listedFrom).contains(changed.uid)) return;
        if (!mapped_.contains(changed.uid))
          changes_.strangersChanged.add(changed.uid);
        else if (changed.flags)
          message(changed.uid, *changed.flags);
      },
      [this](const UidSet& vanished) {
        changes_.gone.add(vanished.intersect(mapped_));
        changes_.strangersGone.add(vanished.minus(mapped_));
      });
  listReply_ = server_.fetch(UidSet::from(changes_.listedFrom), request::Fetch::Items::sizes,
                             [this](const answer::Message& message) { listed(message); });
  askLandmarks();
}

// A server that was restored from a backup and has given out more UIDs since looks like any other; but the
// newest messages that are known are not what they were. After a copy they are others, too.
void CollectQresync::askLandmarks() {
  if (!known_) return;
  landmarks_ = store_.landmarks(mailbox_.id, server_.side());
  UidSet known;
  for (const auto& [uid, _] : landmarks_) known.add(uid);
  UidSet asked = store_.newest(mailbox_.id, server_.side(), store::kLandmarks);
  if (copies_ != nullptr && asked == known) return;
  asked.add(known);
  if (asked.empty()) return;
  changes_.landmarksAsked = asked;
  landmarkReply_ =
      server_.fetch(asked, request::Fetch::Items::identity, [this](const answer::Message& message) {
        if (message.header) changes_.landmarks.emplace(message.uid, *message.header);
      });
}

// From listedFrom on the listing is complete up to the UIDNEXT that SELECT told, which was answered before
// (Server::take); what is beyond arrived later and is for the next time.
void CollectQresync::listed(const answer::Message& listed) {
  if (listed.uid.value() >= selectReply_.get().uidNext.value) return;
  if (extent_ != Extent::afresh) {
    seen_.add(listed.uid);
    if (mapped_.contains(listed.uid)) {
      if (listed.flags) message(listed.uid, *listed.flags);
      if (copies_ != nullptr)
        if (auto copy = copies_->find(listed.uid); copy && !copy.isOfSize(listed.size))
          changes_.doubtful.add(listed.uid);
      if (extent_ == Extent::everything && known_ && listed.modSeq.value > 0 &&
          listed.modSeq <= known_->highestModSeq)
        changes_.unreported.add(listed.uid);
      if (listed.uid.value() >= changes_.knownNext.value)
        changes_.copied.push_back(
            {listed.uid, static_cast<std::uint32_t>(std::min<std::uint64_t>(listed.size, 0xffffffffU))});
      return;
    }
  }
  changes_.fresh.push_back(
      {listed.uid, static_cast<std::uint32_t>(std::min<std::uint64_t>(listed.size, 0xffffffffU))});
}

void CollectQresync::message(Uid uid, const Flags& now) {
  if (knownFlags_.are(uid, now))
    changes_.flags.erase(uid);
  else
    changes_.flags.insert_or_assign(uid, now);
}

CollectQresync::Collected CollectQresync::collect() {
  const answer::Done& done = selectReply_.done();
  listReply_.done();  // whatever SELECT said: what is still to come must find us alive
  if (landmarkReply_ && !landmarkReply_->done().ok()) changes_.landmarksAsked = {};
  for (const answer::Done* it : {&done, &listReply_.done()})
    if (!it->ok())
      return {
          {},
          Trouble{
              .text = words(*it), .status = ExitStatus::tryAgain, .again = it->code == answer::kUnreadable},
          {}};
  const answer::Selected& selected = selectReply_.get();
  auto trouble = regressed(selected);
  if (trouble && extent_ == Extent::afresh && trouble->afresh)
    changes_.meaningless = std::exchange(trouble, std::nullopt);
  if (trouble) return {selected, std::move(trouble), {}};
  std::ranges::sort(changes_.fresh, {}, &Fresh::uid);
  auto same = [](const Fresh& a, const Fresh& b) { return a.uid == b.uid; };
  changes_.fresh.erase(std::unique(changes_.fresh.begin(), changes_.fresh.end(), same), changes_.fresh.end());
  extent_ == Extent::afresh ? settleAfresh() : settle();
  return {selected, std::nullopt, std::move(changes_)};
}

void CollectQresync::settleAfresh() {
  changes_.gone = changes_.strangersGone = {};
  auto isMapped = [&](const Fresh& it) { return mapped_.contains(it.uid); };
  if (!changes_.meaningless)
    changes_.stillThere = static_cast<std::uint64_t>(std::ranges::count_if(changes_.fresh, isMapped));
}

void CollectQresync::settle() {
  changes_.gone.remove(seen_);
  changes_.gone.add(mapped_.intersect(UidSet::from(changes_.knownNext)).minus(seen_));
  changes_.lost = mapped_.intersect(UidSet::from(changes_.listedFrom)).minus(seen_).minus(changes_.gone);
  for (Uid uid : changes_.gone.intersect(UidSet::below(changes_.listedFrom)).each())
    changes_.flags.erase(uid);
}

// Whether the mailbox is one to be synchronised, and still the one that it was.
std::optional<Trouble> CollectQresync::regressed(const answer::Selected& selected) const {
  if (selected.uidNotSticky) return Trouble{"Mailbox does not support persistent UIDs.", ExitStatus::data};
  if (selected.highestModSeq.value == 0) return Trouble{"Mailbox doesn't support MODSEQ.", ExitStatus::data};
  if (selected.uidNext.value == 0 || selected.uidValidity.value == 0)
    return Trouble{"Unknown UIDNEXT value or UIDVALIDITY.", ExitStatus::protocol};
  if (!known_) return std::nullopt;
  auto another = [](std::string text, bool hold) {
    return Trouble{.text = std::move(text), .status = ExitStatus::data, .afresh = true, .hold = hold};
  };
  if (known_->uidValidity != selected.uidValidity)
    return another("UIDVALIDITY changed! (" + number(selected.uidValidity.value) +
                       " != " + number(known_->uidValidity.value) + ") Need to invalidate the UID cache.",
                   false);
  const char* restored = ": was the server restored from a backup?";
  if (UidNext least = std::max(known_->uidNext, store_.leastNext(mailbox_.id, server_.side()));
      selected.uidNext < least)
    return another(
        "UIDNEXT went back from " + number(least.value) + " to " + number(selected.uidNext.value) + restored,
        true);
  bool same = false;
  for (const auto& [uid, header] : landmarks_) {
    auto shown = changes_.landmarks.find(uid);
    if (shown == changes_.landmarks.end()) continue;
    if (shown->second != header)
      return another("UID " + number(uid.value()) + " is another message than it was" + restored, true);
    same = true;
  }
  if (selected.highestModSeq < known_->highestModSeq && same)
    return Trouble{.text = "HIGHESTMODSEQ went back from " + number(known_->highestModSeq.value) + " to " +
                           number(selected.highestModSeq.value) +
                           ", but the messages are the same: its index was made anew.",
                   .status = ExitStatus::data,
                   .rebuilt = true};
  if (selected.highestModSeq < known_->highestModSeq)
    return another("HIGHESTMODSEQ went back from " + number(known_->highestModSeq.value) + " to " +
                       number(selected.highestModSeq.value) + restored,
                   true);
  return std::nullopt;
}

}  // namespace interimap
