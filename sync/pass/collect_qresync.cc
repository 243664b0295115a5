// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pass/collect_qresync.h"

namespace interimap {

namespace {

// Message sequence match data: servers read lines of a few kilobytes.
constexpr std::size_t kLongestSample = 256;

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

Reply<answer::Selected> CollectQresync::select() {
  std::optional<request::Known> qresync;
  if (extent_ != Extent::afresh && known_ && known_->highestModSeq.value > 0 && known_->uidNext.value > 1)
    qresync = known();
  return server_.select(
      mailbox_.wire[server_.side()], qresync, [this](const answer::Message& message) { changed(message); },
      [this](const UidSet& vanished) {
        changes_.gone.add(vanished.intersect(mapped_));
        changes_.strangersGone.add(vanished.minus(mapped_));
      });
}

void CollectQresync::settle(const answer::Selected& selected) {
  changes_.gone.remove(seen_);
  changes_.gone.add(mapped_.intersect(UidSet::from(changes_.knownNext)).minus(seen_));
  changes_.lost = mapped_.intersect(UidSet::from(changes_.listedFrom)).minus(seen_).minus(changes_.gone);
  changes_.isWhole = extent_ == Extent::everything && seen_.size() == selected.exists && isStillItself();
  for (Uid uid : changes_.gone.intersect(UidSet::below(changes_.listedFrom)).each())
    changes_.flags.erase(uid);
}

}  // namespace interimap
