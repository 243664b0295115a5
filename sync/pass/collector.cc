// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pass/collector.h"

#include <algorithm>
#include <utility>

#include "sync/pass/collect_condstore.h"
#include "sync/pass/collect_everything.h"
#include "sync/pass/collect_qresync.h"
#include "sync/pass/witnesses.h"

namespace interimap {

namespace {

// In a run, of a mailbox.
constexpr std::uint64_t kMostNamedAtOnce = 1000;

constexpr const char* kRestored = ": was the server restored from a backup?";

std::string number(std::uint64_t n) { return std::to_string(n); }

}  // namespace

// A mailbox whose mod-sequences are not known is compared as a whole, which tells them.
std::unique_ptr<Collector> Collector::make(const Context& context, bool bare) {
  using Collect = Means::Collect;
  Collect collect = context.server.means().collect;
  const auto& known = context.known;
  if (bare || (known && known->uidNext.value > 1 && known->highestModSeq.value == 0))
    collect = Collect::everything;
  switch (collect) {
    case Collect::qresync: return std::make_unique<CollectQresync>(context);
    case Collect::condstore: return std::make_unique<CollectCondstore>(context);
    case Collect::everything: break;
  }
  return std::make_unique<CollectEverything>(context);
}

Collector::Collector(const Context& context)
    : server_(context.server),
      store_(context.store),
      mailbox_(context.mailbox),
      known_(context.known),
      extent_(context.extent),
      copies_(context.copies),
      names_(context.names),
      knownFlags_(store_, mailbox_.id, server_.side(), copies_) {
  if (extent_ != Extent::afresh && known_ && known_->uidNext.value > 0) changes_.knownNext = known_->uidNext;
  if (extent_ != Extent::everything) changes_.listedFrom = changes_.knownNext;
}

void Collector::ask() {
  mapped_ = store_.mapped(mailbox_.id, server_.side());
  selectReply_ = select();
  if (extent_ == Extent::news && changes_.listedFrom.value > 1) askChanges();
  using Items = request::Fetch::Items;
  listReply_ = server_.fetch(UidSet::from(changes_.listedFrom), names_ ? Items::listing : Items::sizes,
                             [this](const answer::Message& message) { listed(message); });
  askLandmarks();
  askNames();
}

void Collector::changed(const answer::Message& changed) {
  if (!UidSet::below(changes_.listedFrom).contains(changed.uid)) return;
  if (!mapped_.contains(changed.uid))
    changes_.strangersChanged.add(changed.uid);
  else if (changed.flags)
    message(changed.uid, *changed.flags);
  else
    untold_.add(changed.uid);
}

// A server that was restored from a backup and has given out more UIDs since looks like any other; but the
// newest messages that are known are not what they were. After a copy they are others, too.
void Collector::askLandmarks() {
  if (!known_) return;
  landmarks_ = store_.landmarks(mailbox_.id, server_.side());
  UidSet known;
  for (const auto& [uid, _] : landmarks_) known.add(uid);
  UidSet asked = store_.newest(mailbox_.id, server_.side(), store::kLandmarks);
  if (copies_ != nullptr && asked == known && extent_ == Extent::news) return;
  asked.add(known);
  if (asked.empty()) return;
  changes_.landmarksAsked = asked;
  landmarkReply_ =
      server_.fetch(asked, request::Fetch::Items::identity, [this](const answer::Message& message) {
        if (message.header) changes_.landmarks.emplace(message.uid, *message.header);
      });
}

// Of messages that were synchronised before that was kept: so many in a run, the newest first.
void Collector::askNames() {
  if (!names_ || !server_.means().names || extent_ != Extent::news || copies_ != nullptr) return;
  UidSet unnamed = mapped_.intersect(UidSet::below(changes_.listedFrom))
                       .minus(store_.identified(mailbox_.id, server_.side()));
  if (unnamed.empty()) return;
  UidSet asked;
  const auto& ranges = unnamed.ranges();
  for (auto it = ranges.rbegin(); it != ranges.rend() && asked.size() < kMostNamedAtOnce; ++it) {
    const std::uint64_t left = kMostNamedAtOnce - asked.size();
    asked.add(UidSet::Range{
        it->last - it->first < left ? it->first : static_cast<std::uint32_t>(it->last - left + 1), it->last});
  }
  namesReply_ = server_.fetch(asked, request::Fetch::Items::listing, [this](const answer::Message& message) {
    if (message.id) changes_.names.push_back({message.uid, *message.id});
  });
}

// From listedFrom on the listing is complete up to the UIDNEXT that SELECT told, which was answered before
// (Server::take); what is beyond arrived later and is for the next time.
void Collector::listed(const answer::Message& listed) {
  if (const UidNext next = selectReply_.get().uidNext; next.value > 0 && listed.uid.value() >= next.value)
    return;
  highest_ = std::max(highest_, std::uint64_t{listed.uid.value()});
  if (listed.id) changes_.names.push_back({listed.uid, *listed.id});
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

void Collector::message(Uid uid, const Flags& now) {
  if (knownFlags_.are(uid, now))
    changes_.flags.erase(uid);
  else
    changes_.flags.insert_or_assign(uid, now);
}

Collector::Collected Collector::collect() {
  const answer::Done& done = selectReply_.done();
  listReply_.done();  // whatever SELECT said: what is still to come must find us alive
  const answer::Done* changesDone = this->changesDone();
  if (namesReply_) namesReply_->done();  // likewise; what it does not tell is asked for by the next run
  if (landmarkReply_ && !landmarkReply_->done().ok()) changes_.landmarksAsked = {};
  for (const answer::Done* it : {&done, changesDone, &listReply_.done()})
    if (it != nullptr && !it->ok())
      return {
          {},
          Trouble{
              .text = words(*it), .status = ExitStatus::tryAgain, .again = it->code == answer::kUnreadable},
          {}};
  if (!untold_.empty())
    return {{},
            Trouble{.text = "Server says that UID(s) " + untold_.text() +
                            " changed, and not what flags they have.",
                    .status = ExitStatus::tryAgain,
                    .again = true},
            {}};
  answer::Selected selected = selectReply_.get();
  if (selected.uidNext.value == 0) selected.uidNext = likelyNext(selected.uidValidity);
  auto trouble = regressed(selected);
  if (trouble && extent_ == Extent::afresh && trouble->afresh)
    changes_.meaningless = std::exchange(trouble, std::nullopt);
  if (trouble) return {selected, std::move(trouble), {}};
  std::ranges::sort(changes_.fresh, {}, &Fresh::uid);
  auto same = [](const Fresh& a, const Fresh& b) { return a.uid == b.uid; };
  changes_.fresh.erase(std::unique(changes_.fresh.begin(), changes_.fresh.end(), same), changes_.fresh.end());
  extent_ == Extent::afresh ? settleAfresh() : settle(selected);
  if (!changes_.recount && !changes_.doubt) weighListing(selected);
  return {selected, std::nullopt, std::move(changes_)};
}

// Courier does not tell UIDNEXT. What it lists is below that, and so is what was known.
UidNext Collector::likelyNext(UidValidity validity) const {
  UidNext next{highest_ + 1};
  if (known_ && known_->uidValidity == validity)
    next = std::max({next, known_->uidNext, store_.leastNext(mailbox_.id, server_.side())});
  return next;
}

void Collector::settleAfresh() {
  changes_.gone = changes_.strangersGone = {};
  auto isMapped = [&](const Fresh& it) { return mapped_.contains(it.uid); };
  if (!changes_.meaningless)
    changes_.stillThere = static_cast<std::uint64_t>(std::ranges::count_if(changes_.fresh, isMapped));
}

// What was known, and what was listed, are all the messages that there are. Where there are more, the answer
// was cut: what it lacks is neither gone nor to be taken for missing.
void Collector::weighListing(const answer::Selected& selected) {
  UidSet known = mapped_;
  known.add(store_.refusedUids(mailbox_.id, server_.side()));
  known = known.intersect(UidSet::below(changes_.listedFrom)).minus(changes_.gone);
  const std::uint64_t shown = extent_ == Extent::afresh
                                  ? changes_.fresh.size()
                                  : known.minus(changes_.strangersGone).size() + seen_.size();
  if (shown >= selected.exists) return;
  changes_.doubt = {Changes::Doubt::Why::listing, std::exchange(changes_.gone, {}), shown, selected.exists};
  changes_.lost = changes_.strangersGone = {};
}

void Collector::concludeListed(const answer::Selected& selected) {
  conclude({mapped_, store_.refusedUids(mailbox_.id, server_.side()), seen_, selected.exists,
            known_ ? known_->messages : std::nullopt},
           changes_);
}

// Whether the mailbox is one to be synchronised, and still the one that it was.
std::optional<Trouble> Collector::regressed(const answer::Selected& selected) const {
  if (selected.uidNotSticky) return Trouble{"Mailbox does not support persistent UIDs.", ExitStatus::data};
  if (selected.uidValidity.value == 0)
    return Trouble{"Unknown UIDVALIDITY value: the server does not tell it.", ExitStatus::tryAgain};
  if (!known_) return std::nullopt;
  auto another = [](std::string text, bool hold) {
    return Trouble{.text = std::move(text), .status = ExitStatus::data, .afresh = true, .hold = hold};
  };
  if (known_->uidValidity != selected.uidValidity)
    return another("UIDVALIDITY changed! (" + number(selected.uidValidity.value) +
                       " != " + number(known_->uidValidity.value) + ") Need to invalidate the UID cache.",
                   false);
  if (UidNext least = std::max(known_->uidNext, store_.leastNext(mailbox_.id, server_.side()));
      selected.uidNext < least)
    return another(
        "UIDNEXT went back from " + number(least.value) + " to " + number(selected.uidNext.value) + kRestored,
        true);
  for (const auto& [uid, header] : landmarks_) {
    auto shown = changes_.landmarks.find(uid);
    if (shown == changes_.landmarks.end()) continue;
    if (shown->second != header)
      return another("UID " + number(uid.value()) + " is another message than it was" + kRestored, true);
  }
  return relatesModSeqs() ? modSeqTrouble(selected, isStillItself()) : std::nullopt;
}

bool Collector::isStillItself() const {
  return std::ranges::any_of(landmarks_, [&](const auto& it) {
    auto shown = changes_.landmarks.find(it.first);
    return shown != changes_.landmarks.end() && shown->second == it.second;
  });
}

std::optional<Trouble> Collector::modSeqTrouble(const answer::Selected& selected, bool sameMessages) const {
  const std::uint64_t before = known_->highestModSeq.value, now = selected.highestModSeq.value;
  if (now >= before) return std::nullopt;
  if (now == 0)
    return Trouble{.text = "Mailbox has no mod-sequences.", .status = ExitStatus::data, .bare = true};
  std::string text = "HIGHESTMODSEQ went back from " + number(before) + " to " + number(now);
  if (sameMessages)
    return Trouble{.text = text + ", but the messages are the same: its index was made anew.",
                   .status = ExitStatus::data,
                   .rebuilt = true};
  return Trouble{.text = text + kRestored, .status = ExitStatus::data, .afresh = true, .hold = true};
}

}  // namespace interimap
