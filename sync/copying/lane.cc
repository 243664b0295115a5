// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/copying/lane.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <span>
#include <utility>

#include "ipc/failure.h"
#include "sync/peers/for_the_moment.h"

namespace interimap {

namespace {

// One window: where Dovecot's MULTIAPPEND is saturated.
constexpr std::size_t kWindowMessages = 128;
static_assert(kWindowMessages <= kMostMessages);
// Messages whose intent is written to the disk at once: its fsyncs are to be few beside the copying.
constexpr std::size_t kReserved = 4096;

// A message that is refused for now so often, while others are taken, is refused.
constexpr unsigned kMostRefusals = 3;

// The server is asked too much, or cannot do anything at the moment.
bool isNotNow(const answer::Done& done) { return done.code == answer::kNotNow || done.code == "UNAVAILABLE"; }

bool isSystem(std::string_view flag) { return flag.starts_with('\\'); }

UidSet uidsOf(std::span<const Fresh> fresh, std::size_t from, std::size_t end) {
  UidSet uids;
  for (const Fresh& message : fresh.subspan(from, end - from)) uids.add(message.uid);
  return uids;
}

}  // namespace

void Lane::add(Load load) {
  if (!load.fresh.empty()) loads_.push_back(std::move(load));
}

std::vector<Lane::Load> Lane::leftOver() {
  std::vector<Load> left;
  for (; at_ < loads_.size(); ++at_, cut_ = 0) {
    Load& load = loads_[at_];
    load.fresh.erase(load.fresh.begin(), load.fresh.begin() + static_cast<std::ptrdiff_t>(cut_));
    left.push_back(std::move(load));
  }
  return left;
}

bool Lane::advance() {
  bool moved = isBroken() && withdraw();
  makeRoom();
  while (!isBroken() && fetch()) moved = true;
  return commit() || moved;
}

// By runs before, and not proven to be the fault of a message.
std::size_t Lane::lossesAtAppend() const {
  return static_cast<std::size_t>(std::ranges::count_if(store_.hangups(), [&](const store::Hangup& hangup) {
    return hangup.asked == store::Hangup::Asked::append && hangup.side == target_.side() &&
           !hangup.isProven();
  }));
}

// What is stored needs no room any more. That it is, is written down with the next window that arrives: until
// then the journal tells of it.
void Lane::makeRoom() {
  for (Appending& window : appending_) {
    if (!window.reply.ready()) return;
    const std::vector<bool>& stored = window.reply.get().stored;
    if (std::ranges::find(stored, false) != stored.end()) return;
    window.place = {};
  }
}

// Asks for the next window, if there is one and room for it.
bool Lane::fetch() {
  for (; at_ < loads_.size() && tally_.confused.contains(loads_[at_].mailbox); ++at_, cut_ = 0)
    tally_.finish(loads_[at_].mailbox, loads_[at_].fresh.size() - cut_);
  if (at_ == loads_.size()) {
    share_.renounce();
    return false;
  }
  const std::uint64_t allowed = allowance_.left(store_);
  if (allowed == 0) {
    putOff();
    return false;
  }
  if (reserved_ == 0) reserve();
  Load& load = loads_[at_];
  std::optional<Origins::Place> place;
  if (isToCopy(load, cut_)) {
    place = origins_.place(load.origins.at(load.fresh[cut_].uid).mailbox, target_.side());
    if (!place) load.origins.clear();  // it was renamed meanwhile, say
  }
  Cut window = cut(load, cut_, reserved_, allowed);
  if (!share_.admits(window.octets)) return false;

  if (allowance_.isLimited() && !place) {
    store::Transaction transaction = store_.begin();
    allowance_.spend(store_, window.octets);
    transaction.commit("octets");
  }
  UidSet uids = uidsOf(load.fresh, cut_, window.end);
  if (place)
    fetchToCopy(load, std::move(uids), std::move(*place));
  else
    fetch(load, std::move(uids), window.octets, true, false);
  reserved_ -= window.end - cut_;
  cut_ = window.end;
  if (cut_ == load.fresh.size()) {
    std::vector<Fresh>().swap(load.fresh);
    ++at_;
    cut_ = 0;
  }
  return true;
}

void Lane::fetch(const Load& load, UidSet uids, std::uint64_t octets, bool together, bool bare) {
  auto selected = source_.ensureSelected(load.mailbox->wire[source_.side()]);
  auto reply = source_.fetchBodies({uids});
  fetching_.push_back({&load,
                       std::move(uids),
                       octets,
                       together,
                       bare,
                       {share_, octets},
                       std::move(selected),
                       std::move(reply)});
}

// What is left goes on another day.
void Lane::putOff() {
  store::Transaction transaction = store_.begin();
  for (; at_ < loads_.size(); ++at_, cut_ = 0) {
    Load& load = loads_[at_];
    const std::size_t left = load.fresh.size() - cut_, intended = std::min(left, reserved_);
    store_.settle(load.mailbox->id, target_.side(), uidsOf(load.fresh, cut_, cut_ + intended));
    reserved_ -= intended;
    tally_.finish(load.mailbox, left);
    tally_.putOff.insert(load.mailbox);
    allowance_.putOff(load.mailbox->id);
  }
  transaction.commit("put off");
  share_.renounce();
}

// What the target copies costs no octets.
Lane::Cut Lane::cut(const Load& load, std::size_t from, std::size_t most, std::uint64_t mostOctets) const {
  Cut window{.end = from, .octets = 0};
  if (isToCopy(load, from)) {
    const store::MailboxId mailbox = load.origins.at(load.fresh[from].uid).mailbox;
    most = std::min(most, kMostCopied);
    auto isAlike = [&](std::size_t at) {
      return isToCopy(load, at) && load.origins.at(load.fresh[at].uid).mailbox == mailbox;
    };
    while (window.end < load.fresh.size() && window.end - from < most && isAlike(window.end)) ++window.end;
    return window;
  }
  most = std::min(most, kWindowMessages);
  mostOctets = std::min({share_.windowOctets(), pace_.window(), mostOctets});
  for (; window.end < load.fresh.size() && window.end - from < most; ++window.end) {
    std::uint64_t size = load.fresh[window.end].size;
    if (window.end > from && window.octets + size > mostOctets) break;
    window.octets += size;
  }
  return window;
}

// Writes down that the messages that follow may be on their way, so that it lasts; window by window, as they
// will be settled. What they are is written down when their window goes out; should that be lost, the source
// tells.
void Lane::reserve() {
  store::Transaction transaction = store_.begin(store::Lasting::throughPowerLoss);
  for (std::size_t at = at_, from = cut_; at < loads_.size() && reserved_ < kReserved; ++at, from = 0) {
    const Load& load = loads_[at];
    while (from < load.fresh.size() && reserved_ < kReserved) {
      std::size_t end = cut(load, from, kReserved, Room::kWindowOctets).end;
      store_.intend(load.mailbox->id, target_.side(), load.targetNext, uidsOf(load.fresh, from, end));
      reserved_ += end - from;
      from = end;
    }
  }
  transaction.commit("intents");
}

std::size_t Lane::unanswered() const {
  std::size_t messages = 0;
  for (const Appending& window : appending_)
    if (!window.reply.ready()) messages += window.messages.size();
  return target_.isLost() ? 0 : messages;
}

void Lane::settleAnswered() {
  if (appending_.empty() || !appending_.front().reply.ready()) return;
  store::Transaction transaction = store_.begin();
  for (; !appending_.empty() && appending_.front().reply.ready(); appending_.pop_front())
    settle(appending_.front());
  transaction.commit("copies");
}

// The oldest window that has come, as long as what is on its way to the target is not too much already.
bool Lane::maySend(std::uint64_t besides) const {
  if (fetching_.empty() || !fetching_.front().ready()) return false;
  std::uint64_t unanswered = besides;
  for (const Appending& window : appending_)
    if (!window.reply.ready()) unanswered += window.octets;
  return unanswered == 0 || unanswered + fetching_.front().octets <= pace_.most();
}

bool Lane::commit() {
  bool fetched = !fetching_.empty() && fetching_.front().ready(), sends = maySend(0);
  bool appended = !appending_.empty() && appending_.front().reply.ready();
  // What was answered is written down with what is to be sent next, unless that has to wait for it.
  if (!sends && !(appended && (fetched || fetching_.empty()))) return false;

  store::Transaction transaction = store_.begin();
  std::vector<Appending> next;
  std::vector<Again> again;
  while (!appending_.empty() && appending_.front().reply.ready()) {
    again.push_back(settle(appending_.front()));
    allowance_.spend(store_, again.back().octets);
    appending_.pop_front();
  }
  for (std::uint64_t octets = 0; maySend(octets); fetching_.pop_front()) {
    if (fetching_.front().there) {
      if (auto window = takeToCopy(fetching_.front())) next.push_back(std::move(*window));
      continue;
    }
    for (Appending& window : take(fetching_.front())) {
      octets += window.octets;
      next.push_back(std::move(window));
    }
  }
  transaction.commit("copies");
  for (Appending& window : next) send(std::move(window));
  for (Again& each : again)
    if (!each.uids.empty()) fetch(*each.load, std::move(each.uids), each.octets, false, each.bare);
  return true;
}

// A window has arrived: writes down what is about to be appended.
std::vector<Lane::Appending> Lane::take(Fetching& fetching) {
  const Load& load = *fetching.load;
  FetchedBodies& bodies = fetching.reply.get();
  fetching.place = {};
  if (tally_.confused.contains(load.mailbox)) {
    tally_.finish(load.mailbox, fetching.uids.size());
    return {};
  }
  // Another mailbox by now: nothing came of this one. The next pass finds out.
  if (!isStill(fetching.selected, load.sourceValidity)) bodies = {};
  bool refused = fetching.selected.done().ok() && !fetching.reply.done().ok();
  for (Uid uid : bodies.tooLarge) giveUp(load, uid, store::Refusal::tooLarge, "larger than max-message-size");

  UidSet missing = fetching.uids;
  for (Uid uid : bodies.tooLarge) missing.remove(UidSet::single(uid));
  std::map<std::string, UidSet> unstorable;
  std::vector<Appending> out;
  for (FetchedBodies::Part& part : bodies.parts) {
    Appending window{&load, {}, 0, {}, fetching.together, fetching.bare, std::move(part.bodies), {}, {}};
    std::vector<store::Intent> intents;
    for (answer::WindowMessage& message : part.messages) {
      if (!missing.contains(message.uid)) continue;  // a server may say it twice
      missing.remove(UidSet::single(message.uid));
      if (message.body.size == 0) {
        giveUp(load, message.uid, store::Refusal::empty, "");
        continue;
      }
      // What the target cannot keep is not sent to it, and so never missed there.
      Flags sent = message.flags.only([&](std::string_view flag) {
        return load.access.storable.allows(flag) && (!fetching.bare || isSystem(flag));
      });
      if (!fetching.bare && sent.text().size() < message.flags.text().size())
        unstorable[(message.flags - sent).text()].add(message.uid);
      message.flags = std::move(sent);
      window.octets += message.body.size;
      intents.push_back(
          {message.uid, Identity{message.header, message.date.seconds(), message.body.size}, message.flags});
      window.messages.push_back(std::move(message));
    }
    if (window.messages.empty()) continue;
    store_.intend(load.mailbox->id, target_.side(), load.targetNext, intents);
    window.place = {share_, window.octets};
    out.push_back(std::move(window));
  }
  if (refused)
    fetchRest(fetching, missing);
  else
    for (Uid uid : missing.each()) owe(load, uid);
  for (const auto& [flags, uids] : unstorable)
    log_.caution(About::at(target_.side(), load.mailbox->wire[target_.side()]),
                 "Flags (" + flags + ") cannot be stored here: " + source_.name() + " UID " + uids.text() +
                     " is copied without them.",
                 ExitStatus::tryAgain);
  return out;
}

// A window was refused: it may be because of one message in it. The others come through one by one.
void Lane::fetchRest(Fetching& fetching, const UidSet& missing) {
  const Load& load = *fetching.load;
  if (fetching.uids.size() > 1) {
    allowance_.spend(store_, fetching.octets);
    for (Uid uid : missing.each())
      fetch(load, UidSet::single(uid), fetching.octets / fetching.uids.size(), false, fetching.bare);
    return;
  }
  for (Uid uid : missing.each()) {
    log_.error(About::at(source_.side(), load.mailbox->wire[source_.side()]),
               "UID " + std::to_string(uid.value()) + ": " + words(fetching.reply.done()),
               ExitStatus::tryAgain);
    owe(load, uid);
  }
}

void Lane::send(Appending window) {
  const Load& load = *window.load;
  tally_.appendedTo.insert(load.mailbox);
  window.sent = pace_.send(std::chrono::steady_clock::now());
  UidSet sources;
  for (const answer::WindowMessage& message : window.messages) sources.add(message.uid);
  if (window.from) {
    window.from->selected = target_.ensureSelected(window.from->place.wire);
    window.reply = target_.copy(window.from->uids, load.mailbox->wire[target_.side()], std::move(sources));
    appending_.push_back(std::move(window));
    return;
  }
  request::Append append{
      load.mailbox->wire[target_.side()], window.together, {}, load.mailbox->appendLimit[target_.side()]};
  for (const answer::WindowMessage& message : window.messages)
    append.messages.push_back(
        {load.withoutKeywords ? message.flags.only(isSystem) : message.flags, message.date, message.body});
  window.reply = target_.append(std::move(append), std::move(window.bodies), std::move(sources));
  appending_.push_back(std::move(window));
}

Lane::Again Lane::settle(Appending& window) {
  const Load& load = *window.load;
  const answer::Appended& appended = window.reply.get();
  const bool isCopy = window.from.has_value();
  if (!isCopy) pace_.answer(window.sent, window.octets, std::chrono::steady_clock::now());
  if (isCopy && !window.reply.done().ok()) origins_.giveUp(target_.side());
  // A UID that the target had given out before names something else (RFC 3501 section 2.3.1.1).
  // Nor is it a copy of what it should be if its mailbox was another one by then: the next pass looks.
  const bool isOther = isCopy && !isStill(window.from->selected, window.from->place.validity);
  auto isTold = [&, holds = appended.uidValidity == load.targetValidity &&
                            !isOther](const std::optional<Uid>& uid) {
    return holds && uid && uid->value() >= load.targetNext.value;
  };
  // Refused together: which of them was it? One by one, the others will go through. Their bodies are gone.
  bool retry = window.together && window.messages.size() > 1;
  // Refused alone: it may be a keyword that this server cannot have.
  bool doubtKeywords = !retry && !isCopy && !window.bare && !isForTheMoment(window.reply.done()) &&
                       window.reply.done().code != "TOOBIG";
  Again again{&load, {}, 0, doubtKeywords || window.bare};
  // Not now, says the server, and net has it rest. If it took one of those behind it, it is about the
  // message.
  bool notNow = !retry && !isCopy && isNotNow(window.reply.done());
  auto last = std::ranges::find(appended.stored.rbegin(), appended.stored.rend(), true);
  const auto taken = static_cast<std::size_t>(appended.stored.rend() - last);
  bool only = window.messages.size() == 1 && window.reply.done().code != answer::kNotNow;
  UidSet refused = store_.refusedUids(load.mailbox->id, source_.side()), settled, from, to;
  std::vector<store::Pair> told;
  for (std::size_t i = 0; i < window.messages.size(); ++i)
    if (appended.stored[i] && isTold(appended.uids[i]))
      told.push_back(pair(window.messages[i], *appended.uids[i]));
  std::size_t mapped = store_.tryMap(load.mailbox->id, told), at = 0;
  for (std::size_t i = 0; i < window.messages.size(); ++i) {
    answer::WindowMessage& message = window.messages[i];
    const std::optional<Uid>& uid = appended.uids[i];
    bool keywords =
        !appended.stored[i] && doubtKeywords && !message.flags.only(std::not_fn(isSystem)).empty();
    bool later = notNow && !appended.stored[i] &&
                 ((i >= taken && !only) || ++refusals_[{load.mailbox, message.uid}] < kMostRefusals);
    if (later || keywords || (!appended.stored[i] && retry)) {
      if (keywords) leaveOutKeywords(load, message, appended.refusal);
      again.uids.add(message.uid);
      again.octets += message.body.size;
    } else if (isCopy && !appended.stored[i]) {
      postpone(load, message.uid);
    } else if (!appended.stored[i]) {
      giveUp(load, message.uid, store::Refusal::refused,
             appended.refusal.empty() ? words(window.reply.done()) : appended.refusal);
    } else if (isTold(uid) && at++ >= mapped && !map(load, message, *uid)) {
      // Before one of them is intended again.
      store_.settle(load.mailbox->id, target_.side(), std::exchange(settled, {}));
      confuse(load, message.uid, *uid);
      tally_.finish(load.mailbox);
    } else if (isTold(uid)) {
      settled.add(message.uid);
      if (refused.contains(message.uid)) store_.unrefuse(load.mailbox->id, source_.side(), message.uid);
      from.add(message.uid);
      to.add(*uid);
      tally_.copies[load.mailbox].add(*uid, message.body.size, message.flags);
      if (isCopy) tally_.copiedThere[load.mailbox].add(*uid);
      const std::uint64_t octets = isCopy ? 0 : message.body.size;
      (target_.side() == Side::local ? log_.done().octetsToLocal : log_.done().octetsToRemote) += octets;
      tally_.finish(load.mailbox, 1, octets);
    } else {
      tally_.finish(load.mailbox);  // stored, but where? The journal remembers, and the next pass looks for it.
      // Or there was nothing to copy any more, and it said OK: what the next pass does not find, it sends.
      if (isCopy)
        tally_.incomplete.insert(load.mailbox);
      else if (!uid)
        tally_.unnamed[load.mailbox].add(UidSet::single(message.uid));
    }
  }
  store_.settle(load.mailbox->id, target_.side(), settled);
  window.place = {};
  if (from.empty()) return again;
  store_.addCopied(load.mailbox->id, target_.side(), to);
  noteLandmarks(window, from);
  bool toLocal = target_.side() == Side::local;
  (toLocal ? log_.done().copiedToLocal : log_.done().copiedToRemote) += from.size();
  log_.info(About::at(Side::local, load.mailbox->wire.local).with(toLocal ? to : from),
            "Added " + std::to_string(from.size()) + " UID(s) " + (toLocal ? to : from).text() +
                (toLocal ? " <- " : " -> ") + (toLocal ? from : to).text());
  return again;
}

// The highest of those that were copied.
void Lane::noteLandmarks(const Appending& window, const UidSet& copied) {
  std::map<Uid, HeaderDigest>& landmarks = tally_.landmarks[window.load->mailbox];
  std::size_t noted = 0;
  for (auto it = window.messages.rbegin(); it != window.messages.rend() && noted < store::kLandmarks; ++it) {
    if (!copied.contains(it->uid)) continue;
    landmarks.insert_or_assign(it->uid, it->header);
    ++noted;
  }
  while (landmarks.size() > store::kLandmarks) landmarks.erase(landmarks.begin());
}

void Lane::leaveOutKeywords(const Load& load, const answer::WindowMessage& message,
                            const std::string& reply) {
  log_.caution(About::at(source_.side(), load.mailbox->wire[source_.side()]),
               "UID " + std::to_string(message.uid.value()) + " was refused by " + target_.name() +
                   " with (" + message.flags.only(std::not_fn(isSystem)).text() + "): " + reply +
                   ". Trying without these keywords.",
               ExitStatus::tryAgain);
}

// It was listed and did not come: expunged meanwhile, or a response could not be read, which may have been
// another mailbox's. Only the server knows, and the next pass asks, for nothing else meanwhile. Once: then it
// is for the next run.
void Lane::owe(const Load& load, Uid uid) {
  leaveUnsent(load, uid);
  if (!load.byItself)
    tally_.owed.insert(load.mailbox);
  else
    log_.error(About::at(source_.side(), load.mailbox->wire[source_.side()]),
               "UID " + std::to_string(uid.value()) + " is listed, but the server does not send it",
               ExitStatus::tryAgain);
}

// It is for the next pass.
void Lane::postpone(const Load& load, Uid uid) {
  leaveUnsent(load, uid);
  tally_.incomplete.insert(load.mailbox);
}

void Lane::leaveUnsent(const Load& load, Uid uid) {
  tally_.finish(load.mailbox);
  store_.settle(load.mailbox->id, target_.side(), uid);
  store_.refuse(load.mailbox->id, source_.side(), uid, store::Refusal::unsent, "");
}

// A connection is lost. Bodies that were on their way to us are to be asked for again; what was appended and
// not answered may be there or not, as after a kill, and so the next pass looks for it.
bool Lane::withdraw() {
  if (fetching_.empty() && (appending_.empty() || !target_.isLost())) return false;
  store::Transaction transaction = store_.begin();
  for (Fetching& window : fetching_)
    for (Uid uid : window.uids.each()) postpone(*window.load, uid);
  fetching_.clear();
  for (; target_.isLost() && !appending_.empty(); appending_.pop_front()) {
    Appending& window = appending_.front();
    const Load& load = *window.load;
    if (window.reply.ready()) {
      for (Uid uid : settle(window).uids.each()) postpone(load, uid);
    } else {
      tally_.finish(load.mailbox, window.messages.size());
      tally_.incomplete.insert(load.mailbox);
      tally_.unanswered.insert(load.mailbox);
    }
  }
  transaction.commit("withdrawn");
  return true;
}

// False if one of the two UIDs has a partner.
bool Lane::map(const Load& load, const answer::WindowMessage& message, Uid copy) {
  store::Pair both = pair(message, copy);
  return store_.tryMap(load.mailbox->id, both.local, both.remote, both.base);
}

store::Pair Lane::pair(const answer::WindowMessage& message, Uid copy) const {
  bool toLocal = target_.side() == Side::local;
  return {toLocal ? copy : message.uid, toLocal ? message.uid : copy, message.flags};
}

// A UID that another message has. Where the copies really are, also that of the other message, the next run
// finds out by what they look like. If it cannot, and the same happens again, every run would make another
// copy: the mailbox is left alone.
void Lane::confuse(const Load& load, Uid source, Uid copy) {
  const Mailbox& mailbox = *load.mailbox;
  if (auto former = store_.partner(mailbox.id, target_.side(), copy)) {
    store_.unmap(mailbox.id, target_.side() == Side::local ? copy : *former);
    store_.suspect(mailbox.id, target_.side(), load.targetNext, UidSet::single(*former));
  }
  std::string text = "Server gave UID " + std::to_string(copy.value()) + " out twice.";
  bool before = store_.refusedUids(mailbox.id, source_.side()).contains(source);
  if (before) store_.hold(mailbox.id, target_.side(), text);
  store_.refuse(mailbox.id, source_.side(), source, store::Refusal::refused, text);
  if (tally_.confused.insert(load.mailbox).second || before)
    log_.error(
        About::at(target_.side(), mailbox.wire[target_.side()]),
        text + (before ? startAfresh(mailbox, target_.side()) : " The mailbox is left alone for this run."),
        before ? ExitStatus::data : ExitStatus::tryAgain);
}

void Lane::giveUp(const Load& load, Uid uid, store::Refusal why, const std::string& reply) {
  tally_.finish(load.mailbox);
  store_.settle(load.mailbox->id, target_.side(), uid);
  store_.refuse(load.mailbox->id, source_.side(), uid, why, reply);
  About source = About::at(source_.side(), load.mailbox->wire[source_.side()]);
  std::string number = std::to_string(uid.value());
  switch (why) {
    case store::Refusal::empty:
      log_.warning(source, "Ignoring new 0-length message (UID " + number + ")");
      return;
    case store::Refusal::tooLarge:
      log_.error(source, "UID " + number + " is " + reply + "; it stays on this side only",
                 ExitStatus::tryAgain);
      return;
    case store::Refusal::unsent:  // reported by owe()
    case store::Refusal::denied:  // by Pass
    case store::Refusal::kept:
    case store::Refusal::surplus:
    case store::Refusal::outside:
    case store::Refusal::parted:
    case store::Refusal::apart: return;
    case store::Refusal::refused:
      log_.error(source, std::string("UID ") + number + " was refused by " + target_.name() + ": " + reply,
                 ExitStatus::tryAgain);
      return;
  }
}

}  // namespace interimap
