// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pull/pull_visit.h"

#include <algorithm>
#include <utility>

#include "sync/mailboxes/mailbox.h"

namespace interimap {

namespace {

using store::Fate;
using store::OpenMessage;
using store::Settlement;

constexpr std::size_t kMostReported = 100;  // refused messages, one line each
const Flags kSeen = *Flags::parse("\\Seen"), kFailed = *Flags::parse("$DeliveryFailed");

// How a message is written down at which the server hung up; and how often it has by then: with others, and
// twice by itself.
constexpr const char* kHungUpAt = "the IMAP server hung up when it was asked for it";
constexpr std::uint32_t kProven = 3;

bool isHungUpAt(const OpenMessage& message) {
  return std::ranges::any_of(message.fates, [](const auto& fate) { return fate.reply == kHungUpAt; });
}

std::string number(Uid uid) { return "UID " + std::to_string(uid.value()); }

std::string day(std::int64_t seconds) {
  using namespace std::chrono;
  year_month_day date{floor<days>(sys_seconds(std::chrono::seconds(seconds)))};
  auto two = [](unsigned n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  return std::to_string(static_cast<int>(date.year())) + "-" + two(static_cast<unsigned>(date.month())) +
         "-" + two(static_cast<unsigned>(date.day()));
}

std::uint32_t sizeOf(std::uint64_t octets) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(octets, 0xffffffffU));
}

}  // namespace

bool Visit::run() {
  if (std::string why = pulling_.addressees.whyNone(mailbox_); !why.empty()) {
    error(why, ExitStatus::config);
    return false;
  }
  if (!select() || !recall()) return false;
  entered_ = true;
  if (first_) recall_.tidy();
  for (OpenMessage& message : pulling_.state.open(id())) open_.insert_or_assign(message.uid, message);
  if (!list()) return false;
  bool news = !fresh_.empty() || !passedOver_.empty();
  passOver();
  pulling_.settings.deliver ? deliver() : skip();
  recall_.catalogue();
  advance();
  return news && complete_ && !looping_;
}

bool Visit::select() {
  auto reply = pulling_.server.select(mailbox_, std::nullopt, {}, {});
  if (first_) recall_.askNewest();
  selected_ = reply.get();
  recall_.wait();
  const answer::Done& done = reply.done();
  if (!done.ok()) {
    bool passing = done.code.starts_with("UNAVAILABLE") || done.code.starts_with("INUSE") ||
                   done.code.starts_with("LIMIT");
    error("cannot be selected: " + words(done), passing ? ExitStatus::tryAgain : ExitStatus::data);
  } else if (selected_.uidNotSticky || selected_.uidValidity.value == 0) {
    error("Mailbox " + mailbox_.bytes + " does not support persistent UIDs", ExitStatus::protocol);
  }
  return done.ok() && !selected_.uidNotSticky && selected_.uidValidity.value != 0;
}

// What was known of the mailbox, brought in line with the UIDs it has now.
bool Visit::recall() {
  recall_.begin(selected_);
  if (first_) adoptOrphans();
  return recall_.settle();
}

// What an earlier run left in the hands of delivery when it was killed.
void Visit::adoptOrphans() {
  store::PullState& state = pulling_.state;
  UidSet orphans = state.handedOver(id());
  if (orphans.empty()) return;
  for (Uid uid : orphans.each())  // before it is written down that they are in doubt: it is said once
    pulling_.log.warning(about(), number(uid) +
                                      " was in the hands of delivery when pullimap was killed; it may have "
                                      "been delivered. It is tried again, so it may come twice");
  std::vector<OpenMessage> open = state.open(id());
  state.write("left in the hands of delivery", [&] {
    for (Uid uid : orphans.each()) {
      auto it = std::ranges::find(open, uid, &OpenMessage::uid);
      OpenMessage message = it == open.end() ? OpenMessage{uid} : *it;
      message.next = 0;
      for (std::string& recipient : remaining(message)) {
        std::erase_if(message.fates, [&](const auto& each) { return each.recipient == recipient; });
        message.fates.push_back({std::move(recipient), Fate::unknown, "killed meanwhile", pulling_.now()});
      }
      state.put(id(), message);
    }
  });
  pulling_.done.unknown += orphans.size();
}

// New messages, and whether the open ones are still there.
bool Visit::list() {
  UidSet ask;
  if (selected_.uidNext.value == 0 || selected_.uidNext > recall_.known().uidNext)
    ask = UidSet::from(recall_.known().uidNext)
              .minus(pulling_.state.settledUids(id(), recall_.known().uidNext));
  for (const auto& [uid, message] : open_) ask.add(uid);
  if (ask.empty()) {
    complete_ = false;  // nothing to advance to
    return true;
  }
  pulling_.deliveries.beginListing(pulling_.now());
  UidSet present, forgotten;
  auto isLeftAlone = [&](const answer::Message& message) {
    return pulling_.settings.unseenOnly && pulling_.settings.deliver && message.flags &&
           message.flags->contains("\\Seen");
  };
  auto items = pulling_.settings.deliver ? request::Fetch::Items::sizes : request::Fetch::Items::identity;
  auto reply = pulling_.server.fetch(ask, items, [&](const answer::Message& message) {
    if (auto open = open_.find(message.uid); open != open_.end()) {
      if (isForgotten(open->second, message)) forgotten.add(message.uid);
      return present.add(message.uid);
    }
    if (isLeftAlone(message)) return passedOver_.add(message.uid);
    fresh_.push_back({message.uid, sizeOf(message.size)});
    if (!pulling_.settings.deliver)
      identities_.emplace_back(message.uid,
                               Identity{message.header.value_or(HeaderDigest{}),
                                        message.date ? message.date->seconds() : 0, message.size});
  });
  complete_ = whole(reply.done());
  if (!complete_) error("cannot be listed: " + words(reply.done()), ExitStatus::tryAgain);
  std::ranges::sort(fresh_, {}, &Listed::uid);
  auto sameUid = [](const Listed& a, const Listed& b) { return a.uid == b.uid; };
  fresh_.erase(std::unique(fresh_.begin(), fresh_.end(), sameUid), fresh_.end());
  std::ranges::sort(identities_, {}, &std::pair<Uid, Identity>::first);
  auto sameFirst = [](const auto& a, const auto& b) { return a.first == b.first; };
  identities_.erase(std::unique(identities_.begin(), identities_.end(), sameFirst), identities_.end());
  if (complete_) dropVanished(present);
  forget(forgotten);
  return true;
}

// What was refused for good is reported by every run until somebody says that it need not be: all of it, or
// one message, by taking its keyword away.
bool Visit::isForgotten(const OpenMessage& open, const answer::Message& message) const {
  if (open.waits() || !open.has(Fate::refused)) return false;
  bool unmarked = open.marked && message.flags && !message.flags->contains("$DeliveryFailed");
  return unmarked || (first_ && pulling_.settings.forgetRefused);
}

void Visit::forget(const UidSet& uids) {
  if (uids.empty()) return;
  pulling_.state.write("forgotten", [&] {
    for (Uid uid : uids.each()) {
      const OpenMessage& message = open_.at(uid);
      pulling_.state.settle(id(), {uid, Settlement::skipped, message.identity, true, message.content});
    }
  });
  for (Uid uid : uids.each()) open_.erase(uid);
  pulling_.log.info(about().with(uids), "UID " + uids.text() + " was refused, and is not reported any more");
}

void Visit::dropVanished(const UidSet& present) {
  UidSet gone;
  for (const auto& [uid, message] : open_)
    if (!present.contains(uid)) gone.add(uid);
  if (gone.empty()) return;
  pulling_.state.write("gone", [&] {
    for (Uid uid : gone.each()) pulling_.state.drop(id(), uid);
  });
  for (Uid uid : gone.each()) open_.erase(uid);
  pulling_.log.notice(about(), "UID " + gone.text() + " was not delivered, and is gone from the server");
}

// --no-delivery: all there is counts as settled from now on.
void Visit::skip() {
  UidSet skipped;
  pulling_.state.write("no delivery", [&] {
    for (const auto& [uid, identity] : identities_)
      pulling_.state.settle(id(), {uid, Settlement::skipped, identity, false});
    for (const auto& [uid, message] : open_)
      pulling_.state.settle(id(), {uid, Settlement::skipped, message.identity, false});
  });
  for (const Listed& each : fresh_) skipped.add(each.uid);
  for (const auto& [uid, message] : open_) skipped.add(uid);
  open_.clear();
  if (!skipped.empty())
    pulling_.log.info(about().with(skipped), "Settled " + std::to_string(skipped.size()) + " UID(s) " +
                                                 skipped.text() + " without delivery");
  flag({});
}

// filter: what has been read by the time it is found is settled. Whether its flag goes later is its reader's.
void Visit::passOver() {
  if (passedOver_.empty()) return;
  pulling_.state.write("passed over", [&] {
    for (Uid uid : passedOver_.each())
      pulling_.state.settle(id(), {uid, Settlement::skipped, {}, /*seen=*/true});
  });
  pulling_.log.info(about().with(passedOver_), "UID " + passedOver_.text() +
                                                   (passedOver_.size() == 1 ? " is" : " are") +
                                                   " \\Seen: left alone, as filter = unseen");
}

// As far as can be told without its header.
std::vector<std::string> Visit::remaining(const OpenMessage& message) {
  return outstanding(pulling_, mailbox_, message, first_ && pulling_.settings.retryRefused);
}

bool Visit::isWanted(const OpenMessage& message) {
  if (!pulling_.addressees.byHeader()) return !remaining(message).empty();
  return message.waits() || (first_ && pulling_.settings.retryRefused && message.has(Fate::refused));
}

// When run once, every message is tried once, however long ago the last time was; unless it goes round in a
// loop, or the server hangs up at it.
bool Visit::due(const OpenMessage& message) const {
  bool waits = pulling_.idling() || message.has(Fate::held) || isHungUpAt(message);
  return waits ? isDue(message.next, pulling_.now()) : first_;
}

// Those for whom a message was not delivered are no longer among the recipients.
void Visit::settleDelivered() {
  if (pulling_.addressees.byHeader()) return;
  std::vector<OpenMessage> settled;
  for (const auto& [uid, message] : open_)
    if (isDelivered(message, recipients())) settled.push_back(message);
  if (settled.empty()) return;
  pulling_.state.write("other recipients", [&] {
    for (const OpenMessage& message : settled)
      pulling_.state.settle(id(),
                            {message.uid, Settlement::delivered, message.identity, false, message.content});
  });
  for (const OpenMessage& message : settled) open_.erase(message.uid);
}

void Visit::deliver() {
  settleDelivered();
  PullLane lane(pulling_, mailbox_, id(), open_, first_ && pulling_.settings.retryRefused);
  for (const Listed& each : fresh_) lane.add(each.uid, each.size);
  for (const auto& [uid, message] : open_)
    if (isWanted(message) && due(message) && !isHungUpAt(message))
      lane.add(uid, sizeOf(message.identity.size));
  for (const auto& [uid, message] : open_)
    if (isHungUpAt(message) && due(message)) lane.addLast(uid);
  try {
    lane.run();
  } catch (const PeerGone&) {
    noteHangup();
    throw;
  }
  defer(lane.missing());
  if (lane.interrupted()) complete_ = false;
  looping_ = lane.looping();
  flag(lane.record().recovered());
  report(lane);
}

// What is listed and does not come, even if asked for alone.
void Visit::defer(const UidSet& missing) {
  if (missing.empty()) return;
  UidSet there;
  auto reply = pulling_.server.fetch(missing, request::Fetch::Items::flags,
                                     [&](const answer::Message& message) { there.add(message.uid); });
  if (!whole(reply.done())) complete_ = false;
  if (there.empty()) return;
  pulling_.state.write("not sent", [&] {
    for (Uid uid : there.each()) putBack(uid, "the IMAP server does not send it", backoff);
  });
  for (Uid uid : there.each())
    error(number(uid) + " is listed, but the server does not send it", ExitStatus::tryAgain);
}

// For all who do not have it.
const OpenMessage& Visit::putBack(Uid uid, const char* reply, std::int64_t (*wait)(std::uint32_t attempts)) {
  auto it = open_.find(uid);
  OpenMessage message = it == open_.end() ? OpenMessage{uid} : it->second;
  ++message.attempts;
  message.next = pulling_.now() + wait(message.attempts);
  std::erase_if(message.fates, [](const auto& each) { return each.fate != Fate::delivered; });
  for (std::string& recipient : outstanding(pulling_, mailbox_, message, true))
    message.fates.push_back({std::move(recipient), Fate::deferred, reply, pulling_.now()});
  pulling_.state.put(id(), message);
  return open_.insert_or_assign(uid, message).first->second;
}

// The connection was lost: the first message that has not come may be the cause. It is asked for last from
// then on, and when nothing else is under way; lost there twice, it is left alone for an hour.
void Visit::noteHangup() {
  const Server& server = pulling_.server;
  if (!server.isLost() || server.lastWords().empty()) return;
  const std::vector<Asked> unanswered = server.unanswered();
  if (unanswered.empty() || unanswered.front().what != store::Hangup::Asked::messages ||
      unanswered.front().mailbox != mailbox_)
    return;
  Uid uid = unanswered.front().uids.first();
  auto known = open_.find(uid);
  bool again = known != open_.end() && isHungUpAt(known->second);
  if (!again && known != open_.end()) open_.at(uid).attempts = 0;
  std::string text = "The connection was lost when the server was asked for " + number(uid);
  pulling_.state.write("hangup", [&] {
    const OpenMessage& message = putBack(uid, kHungUpAt, [](std::uint32_t attempts) -> std::int64_t {
      return attempts < kProven ? 0 : kLongestBackoff;
    });
    text += !again ? ". Next time it is asked for this last, and by itself"
            : message.attempts < kProven
                ? ", and nothing else. Next time this is tried once more"
                : ", and nothing else. This is left out, and tried again once an hour";
  });
  if (again) throw AboutFailure(about(), ExitStatus::tryAgain, text);
  error(text, ExitStatus::unavailable);
}

// \Seen for what is settled, the keyword for what was refused.
void Visit::flag(const UidSet& recovered) {
  store::PullState& state = pulling_.state;
  UidSet seen = state.unseen(id()), failed;
  for (const auto& [uid, message] : open_)
    if (message.has(Fate::refused) && !message.marked) failed.add(uid);
  if (!pulling_.settings.seen && !seen.empty()) {  // it is the reader's
    state.write("\\Seen is not ours", [&] { state.setSeen(id(), seen); });
    seen = {};
  }
  if (seen.empty() && failed.empty() && recovered.empty()) return;
  if (selected_.readOnly || !selected_.storable.allows("\\Seen")) {
    if (!seen.empty())
      pulling_.log.warning(about(), selected_.readOnly ? "is READ-ONLY: messages will not be marked as \\Seen"
                                                       : "does not keep \\Seen: messages will not be marked");
    if (selected_.readOnly) return;
    seen = {};
  }
  if (!selected_.storable.allows("$DeliveryFailed")) failed = {};
  using Change = request::Store::Change;
  UidSet marked;  // those that were seen to have it: only there its absence tells something
  auto mark = [&](const answer::Message& message) {
    if (failed.contains(message.uid) && message.flags && message.flags->contains("$DeliveryFailed"))
      marked.add(message.uid);
  };
  auto seenReply = pulling_.server.store(seen, Change::add, kSeen, {});
  auto failedReply = pulling_.server.store(failed, Change::add, kFailed, mark);
  auto recoveredReply = pulling_.server.store(recovered, Change::remove, kFailed, {});
  for (auto* reply : {&seenReply, &failedReply, &recoveredReply})
    if (!reply->done().ok()) error("flags cannot be stored: " + words(reply->done()), ExitStatus::tryAgain);
  state.write("flags", [&] {
    if (seenReply.done().ok()) state.setSeen(id(), seen);
    for (Uid uid : marked.each()) state.setMarked(id(), uid, true);
  });
}

void Visit::advance() {
  std::uint32_t last = fresh_.empty() ? 0 : fresh_.back().uid.value();
  if (!passedOver_.empty()) last = std::max(last, passedOver_.last().value());
  if (!complete_ || last == 0) return;
  UidNext next{std::uint64_t{last} + 1};
  if (next <= recall_.known().uidNext) return;
  pulling_.state.write("UIDNEXT", [&] { pulling_.state.setUidNext(id(), next); });
}

About Visit::aboutRefused(Uid uid, const store::RecipientFate& fate) const {
  About about = this->about();
  about.subject.uid = uid.value();
  about.subject.recipient = fate.recipient;
  about.subject.reply = fate.reply;
  return about;
}

// What stays undelivered: that there is something, and once a run what was refused in earlier ones.
void Visit::report(const PullLane& lane) {
  std::size_t more = 0, said = 0;
  for (const auto& [uid, message] : open_) {
    if (message.waits()) pulling_.log.worsen(ExitStatus::tryAgain);
    if (!first_) continue;
    for (const store::RecipientFate& each : message.fates) {
      if (each.fate != Fate::refused || lane.record().refused(uid, each.recipient)) continue;
      if (++said > kMostReported)
        ++more;
      else
        pulling_.log.error(aboutRefused(uid, each),
                           number(uid) + " stays undelivered: refused for <" + each.recipient + "> on " +
                               day(each.at) + ": " + each.reply,
                           ExitStatus::data);
    }
  }
  if (more != 0) error(std::to_string(more) + " more refused messages stay undelivered", ExitStatus::data);
}

}  // namespace interimap
