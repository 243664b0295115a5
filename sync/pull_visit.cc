#include "sync/pull_visit.h"

#include <algorithm>
#include <utility>

#include "sync/mailbox.h"

namespace interimap {

namespace {

using store::Fate;
using store::OpenMessage;
using store::Settlement;

constexpr std::size_t kMostReported = 100;          // refused messages, one line each
constexpr std::uint64_t kMostSuperfluous = 10'000;  // messages remembered that are gone from the server
const Flags kSeen = *Flags::parse("\\Seen"), kFailed = *Flags::parse("$DeliveryFailed");

std::string number(Uid uid) { return "UID " + std::to_string(uid.value()); }

// Whether a Fetch told all there is.
bool whole(const answer::Done& done) { return done.ok() && done.code != answer::kUnreadable; }

std::string day(std::int64_t seconds) {
  using namespace std::chrono;
  year_month_day date{floor<days>(sys_seconds(std::chrono::seconds(seconds)))};
  auto two = [](unsigned n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  return std::to_string(static_cast<int>(date.year())) + "-" + two(static_cast<unsigned>(date.month())) +
         "-" + two(static_cast<unsigned>(date.day()));
}

}  // namespace

bool Visit::run() {
  if (!select() || !recall()) return false;
  entered_ = true;
  if (first_) tidy();
  for (OpenMessage& message : pulling_.state.open(id())) open_.insert_or_assign(message.uid, message);
  if (!list()) return false;
  bool news = !fresh_.empty();
  pulling_.settings.deliver ? deliver() : skip();
  catalogue();
  advance();
  return news && complete_;
}

bool Visit::select() {
  auto reply = pulling_.server.select(mailbox_, std::nullopt, {}, {});
  selected_ = reply.get();
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
  store::PullState& state = pulling_.state;
  known_ = state.mailbox(mailbox_);
  if (!known_) {
    state.write("new mailbox", [&] { state.addMailbox(mailbox_, selected_.uidValidity); });
    known_ = state.mailbox(mailbox_);
  }
  if (first_) adoptOrphans();
  if (known_->uidValidity != selected_.uidValidity) return recover();
  if (selected_.uidNext.value != 0 && selected_.uidNext < known_->uidNext) retreat();
  return true;
}

// What an earlier run left in the hands of delivery when it was killed.
void Visit::adoptOrphans() {
  store::PullState& state = pulling_.state;
  UidSet orphans = state.handedOver(id());
  if (orphans.empty()) return;
  std::vector<OpenMessage> open = state.open(id());
  state.write("left in the hands of delivery", [&] {
    for (Uid uid : orphans.each()) {
      auto it = std::ranges::find(open, uid, &OpenMessage::uid);
      OpenMessage message = it == open.end() ? OpenMessage{uid} : *it;
      message.next = 0;
      for (const ForwardPath& recipient : remaining(message)) {
        std::erase_if(message.fates, [&](const auto& each) { return each.recipient == recipient.text(); });
        message.fates.push_back({recipient.text(), Fate::unknown, "killed meanwhile", pulling_.now()});
      }
      state.put(id(), message);
    }
  });
  pulling_.done.unknown += orphans.size();
  for (Uid uid : orphans.each())
    pulling_.log.warning(about(), number(uid) +
                                      " was in the hands of delivery when pullimap was killed; it may have "
                                      "been delivered. It is tried again, so it may come twice");
}

std::optional<std::vector<FoundMessage>> Visit::identities(const UidSet& uids) {
  std::vector<FoundMessage> found;
  auto reply =
      pulling_.server.fetch(uids, request::Fetch::Items::identity, [&](const answer::Message& message) {
        if (message.header)
          found.push_back(
              {message.uid, {*message.header, message.date ? message.date->seconds() : 0, message.size}});
      });
  if (whole(reply.done())) return found;
  error("cannot tell its messages: " + words(reply.done()), ExitStatus::tryAgain);
  return std::nullopt;
}

// Other UIDs: the messages that were done with are looked for by what they are.
bool Visit::recover() {
  store::PullState& state = pulling_.state;
  std::string changed = "UIDVALIDITY changed! (" + std::to_string(known_->uidValidity.value) +
                        " != " + std::to_string(selected_.uidValidity.value) + ") ";
  if (known_->imported.value != 0 && pulling_.settings.deliver) {
    error(changed + "Nothing is known of the messages that were delivered before it did. Remove " +
              pulling_.settings.stateDirectory + "/" + pulling_.settings.stateName +
              " to have all of them delivered, or use --no-delivery once to have none",
          ExitStatus::data);
    return false;
  }
  auto found = identities(UidSet::from(UidNext{1}));
  if (!found) return false;

  std::vector<store::SettledMessage> settled = state.settled(id());
  std::vector<OpenMessage> open = state.open(id());
  std::vector<Identity> identities;
  for (const store::SettledMessage& message : settled) identities.push_back(message.identity);
  for (const OpenMessage& message : open) identities.push_back(message.identity);
  std::vector<std::optional<Uid>> now = recognise(identities, *found);
  std::size_t recognised = 0;
  state.write("other UIDs", [&] {
    state.startOver(id(), selected_.uidValidity);
    for (std::size_t i = 0; i < now.size(); ++i) {
      if (!now[i]) continue;
      ++recognised;
      if (i < settled.size()) {
        settled[i].uid = *now[i];
        state.settle(id(), settled[i]);
      } else {
        OpenMessage& message = open[i - settled.size()];
        message.uid = *now[i];
        state.put(id(), message);
      }
    }
  });
  known_ = state.mailbox(mailbox_);
  pulling_.log.warning(about(), changed + std::to_string(recognised) + " of " +
                                    std::to_string(found->size()) +
                                    " messages were recognised as known, the others are taken for new");
  return true;
}

// A server restored from a backup gives UIDs out again: those from there on mean what is found there now.
void Visit::retreat() {
  store::PullState& state = pulling_.state;
  UidNext to = selected_.uidNext;
  auto found = identities(UidSet::from(to));
  if (!found) return;
  std::ranges::sort(*found, {}, &FoundMessage::uid);
  UidSet same, all;
  auto keepIfSame = [&](Uid uid, const Identity& identity) {
    all.add(uid);
    auto it = std::ranges::lower_bound(*found, uid, {}, &FoundMessage::uid);
    if (it != found->end() && it->uid == uid && it->identity.header == identity.header) same.add(uid);
  };
  for (const store::SettledMessage& message : state.settled(id(), to))
    keepIfSame(message.uid, message.identity);
  for (const OpenMessage& message : state.open(id()))
    if (message.uid.value() >= to.value) keepIfSame(message.uid, message.identity);
  UidSet other = all.minus(same);
  state.write("UIDNEXT", [&] {
    state.forget(id(), other);
    for (Uid uid : other.each()) state.drop(id(), uid);
    state.setUidNext(id(), to);
  });
  pulling_.log.warning(about(), "UIDNEXT went back from " + std::to_string(known_->uidNext.value) + " to " +
                                    std::to_string(to.value) +
                                    ": has the server been restored from a backup? Messages from there on "
                                    "are taken for new");
  known_ = state.mailbox(mailbox_);
}

// New messages, and whether the open ones are still there.
bool Visit::list() {
  UidSet ask;
  if (selected_.uidNext.value == 0 || selected_.uidNext > known_->uidNext)
    ask = UidSet::from(known_->uidNext).minus(pulling_.state.settledUids(id(), known_->uidNext));
  for (const auto& [uid, message] : open_) ask.add(uid);
  if (ask.empty()) {
    complete_ = false;  // nothing to advance to
    return true;
  }
  auto items = pulling_.settings.deliver ? request::Fetch::Items::envelope : request::Fetch::Items::identity;
  auto reply = pulling_.server.fetch(ask, items, [&](const answer::Message& message) {
    if (open_.contains(message.uid))
      present_.add(message.uid);
    else
      fresh_.push_back({message.uid,
                        message.size,
                        {message.header.value_or(HeaderDigest{}), message.date ? message.date->seconds() : 0,
                         message.size}});
  });
  complete_ = whole(reply.done());
  if (!complete_) error("cannot be listed: " + words(reply.done()), ExitStatus::tryAgain);
  std::ranges::sort(fresh_, {}, &Listed::uid);
  auto doubles = std::ranges::unique(fresh_, {}, &Listed::uid);
  fresh_.erase(doubles.begin(), doubles.end());
  if (complete_) dropVanished(present_);
  return true;
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
    for (const Listed& each : fresh_)
      pulling_.state.settle(id(), {each.uid, Settlement::skipped, each.identity, false});
    for (const auto& [uid, message] : open_)
      pulling_.state.settle(id(), {uid, Settlement::skipped, message.identity, false});
  });
  for (const Listed& each : fresh_) skipped.add(each.uid);
  for (const auto& [uid, message] : open_) skipped.add(uid);
  open_.clear();
  if (!skipped.empty())
    pulling_.log.info(about(), "Settled " + std::to_string(skipped.size()) + " UID(s) " + skipped.text() +
                                   " without delivery");
  flag({});
}

std::vector<ForwardPath> Visit::remaining(const OpenMessage& message) const {
  std::vector<ForwardPath> to;
  for (const ForwardPath& recipient : pulling_.recipients) {
    auto it = std::ranges::find(message.fates, recipient.text(), &store::RecipientFate::recipient);
    bool settled = it != message.fates.end() &&
                   (it->fate == Fate::delivered ||
                    (it->fate == Fate::refused && !(first_ && pulling_.settings.retryRefused)));
    if (!settled) to.push_back(recipient);
  }
  return to;
}

// When run once, every message is tried once, however long ago the last time was.
bool Visit::due(const OpenMessage& message) const {
  return pulling_.idling() ? message.next <= pulling_.now() : first_;
}

// Those for whom a message was not delivered are no longer among the recipients.
void Visit::settleDelivered() {
  std::vector<OpenMessage> settled;
  for (const auto& [uid, message] : open_)
    if (isDelivered(message, pulling_.recipients)) settled.push_back(message);
  if (settled.empty()) return;
  pulling_.state.write("other recipients", [&] {
    for (const OpenMessage& message : settled)
      pulling_.state.settle(id(), {message.uid, Settlement::delivered, message.identity, false});
  });
  for (const OpenMessage& message : settled) open_.erase(message.uid);
}

void Visit::deliver() {
  settleDelivered();
  PullLane lane(pulling_, mailbox_, id(), open_);
  for (const Listed& each : fresh_) lane.add(each.uid, each.size, pulling_.recipients);
  for (const auto& [uid, message] : open_) {
    auto to = remaining(message);
    if (!to.empty() && due(message)) lane.add(uid, message.identity.size, to);
  }
  lane.run();
  defer(lane.missing());
  if (lane.interrupted()) complete_ = false;
  flag(lane.recovered());
  report(lane.tried());
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
    for (Uid uid : there.each()) {
      auto it = open_.find(uid);
      OpenMessage message = it == open_.end() ? OpenMessage{uid} : it->second;
      ++message.attempts;
      message.next = pulling_.now() + backoff(message.attempts);
      message.fates.clear();
      for (const ForwardPath& recipient : pulling_.recipients)
        message.fates.push_back(
            {recipient.text(), Fate::deferred, "the IMAP server does not send it", pulling_.now()});
      pulling_.state.put(id(), message);
      open_.insert_or_assign(uid, message);
    }
  });
  pulling_.done.deferred += there.size();
  for (Uid uid : there.each())
    error(number(uid) + " is listed, but the server does not send it", ExitStatus::tryAgain);
}

// \Seen for what is settled, the keyword for what was refused.
void Visit::flag(const UidSet& recovered) {
  store::PullState& state = pulling_.state;
  UidSet seen = state.unseen(id()), failed;
  for (const auto& [uid, message] : open_)
    if (message.has(Fate::refused) && !message.marked) failed.add(uid);
  if (seen.empty() && failed.empty() && recovered.empty()) return;
  if (selected_.readOnly || !selected_.storable.allows("\\Seen")) {
    pulling_.log.warning(about(), selected_.readOnly ? "is READ-ONLY: messages will not be marked as \\Seen"
                                                     : "does not keep \\Seen: messages will not be marked");
    return;
  }
  if (!selected_.storable.allows("$DeliveryFailed")) failed = {};
  using Change = request::Store::Change;
  auto seenReply = pulling_.server.store(seen, Change::add, kSeen, {});
  auto failedReply = pulling_.server.store(failed, Change::add, kFailed, {});
  auto recoveredReply = pulling_.server.store(recovered, Change::remove, kFailed, {});
  for (auto* reply : {&seenReply, &failedReply, &recoveredReply})
    if (!reply->done().ok()) error("flags cannot be stored: " + words(reply->done()), ExitStatus::tryAgain);
  state.write("flags", [&] {
    if (seenReply.done().ok()) state.setSeen(id(), seen);
    if (failedReply.done().ok())
      for (Uid uid : failed.each()) state.setMarked(id(), uid, true);
  });
}

// The identities of what was settled by the reference, for the day when UIDs lose their meaning.
void Visit::catalogue() {
  if (known_->imported.value == 0) return;
  store::PullState& state = pulling_.state;
  UidSet uids = UidSet::below(known_->imported);
  uids.add(state.settledUids(id(), known_->imported));
  if (uids.empty()) return state.write("catalogue", [&] { state.setCatalogued(id()); });
  auto found = identities(uids);
  if (!found) return;
  state.write("catalogue", [&] {
    for (const FoundMessage& message : *found)
      state.settle(id(), {message.uid, Settlement::imported, message.identity, true});
    state.setCatalogued(id());
  });
}

void Visit::advance() {
  if (!complete_ || fresh_.empty()) return;
  UidNext next{std::uint64_t{fresh_.back().uid.value()} + 1};
  if (next <= known_->uidNext) return;
  pulling_.state.write("UIDNEXT", [&] { pulling_.state.setUidNext(id(), next); });
}

// Messages that others have removed from the server need not be remembered.
void Visit::tidy() {
  UidSet settled = pulling_.state.settledUids(id(), UidNext{1}).intersect(UidSet::below(known_->uidNext));
  if (settled.size() <= 2 * std::uint64_t{selected_.exists} + kMostSuperfluous) return;
  UidSet there;
  auto reply = pulling_.server.fetch(settled, request::Fetch::Items::flags,
                                     [&](const answer::Message& message) { there.add(message.uid); });
  if (!whole(reply.done())) return;
  pulling_.state.write("tidy", [&] { pulling_.state.forget(id(), settled.minus(there)); });
}

// What stays undelivered: that there is something, and once a run what was refused in earlier ones.
void Visit::report(const UidSet& tried) {
  std::size_t more = 0, said = 0;
  for (const auto& [uid, message] : open_) {
    if (message.has(Fate::deferred) || message.has(Fate::unknown)) pulling_.log.worsen(ExitStatus::tryAgain);
    if (!first_ || tried.contains(uid)) continue;
    for (const store::RecipientFate& each : message.fates) {
      if (each.fate != Fate::refused) continue;
      if (++said > kMostReported)
        ++more;
      else
        error(number(uid) + " stays undelivered: refused for <" + each.recipient + "> on " + day(each.at) +
                  ": " + each.reply,
              ExitStatus::data);
    }
  }
  if (more != 0) error(std::to_string(more) + " more refused messages stay undelivered", ExitStatus::data);
}

}  // namespace interimap
