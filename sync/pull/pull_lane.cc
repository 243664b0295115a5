// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pull/pull_lane.h"

#include <fcntl.h>

#include <algorithm>
#include <utility>

#include "ipc/failure.h"
#include "sync/mailboxes/mailbox.h"

namespace interimap {

namespace {

using store::Fate;
using store::OpenMessage;

// Whatever delivery has in hand at a kill may have been delivered, and is to be named: so little more than it
// begins at once (32 messages).
constexpr std::size_t kWindowMessages = 32, kMostHanded = 64;
static_assert(kWindowMessages <= kMostMessages);
constexpr std::uint64_t kWindowOctets = 1 << 20;
constexpr std::uint64_t kOctetsInFlight = 16 << 20;  // bodies, wherever they are; one larger goes alone
constexpr std::size_t kWindowsInFlight = 16;
// For delivery to finish: launch said Stop, or a server is gone.
constexpr std::chrono::seconds kPatienceWhenStopped{8}, kPatience{30};

Fate fateOf(deliver::Outcome::Kind kind) {
  switch (kind) {
    case deliver::Outcome::Kind::delivered: return Fate::delivered;
    case deliver::Outcome::Kind::deferred: return Fate::deferred;
    case deliver::Outcome::Kind::refused: return Fate::refused;
    case deliver::Outcome::Kind::unknown: return Fate::unknown;
  }
  throw PeerViolation("an outcome that is none");
}

std::string number(Uid uid) { return "UID " + std::to_string(uid.value()); }

void put(std::vector<store::RecipientFate>& fates, store::RecipientFate fate) {
  auto it = std::ranges::find(fates, fate.recipient, &store::RecipientFate::recipient);
  if (it == fates.end())
    fates.push_back(std::move(fate));
  else
    *it = std::move(fate);
}

}  // namespace

bool isDelivered(const OpenMessage& message, const std::vector<ForwardPath>& recipients) {
  return std::ranges::all_of(recipients, [&](const ForwardPath& recipient) {
    auto it = std::ranges::find(message.fates, recipient.text(), &store::RecipientFate::recipient);
    return it != message.fates.end() && it->fate == Fate::delivered;
  });
}

std::string replyText(const deliver::Outcome& outcome) {
  std::string text;
  if (outcome.code != 0) text = std::to_string(outcome.code) + " ";
  if (outcome.status) text += outcome.status->text() + " ";
  return text + outcome.text;
}

void PullLane::add(Uid uid, std::uint32_t size, const std::vector<ForwardPath>& recipients) {
  auto it = std::ranges::find(groups_, recipients);
  auto group = static_cast<std::uint32_t>(it - groups_.begin()) & 0x7fffffffU;
  if (it == groups_.end()) groups_.push_back(recipients);
  tasks_.push_back({uid, size, group, 0});
}

void PullLane::run() {
  try {
    while (!finished()) {
      connect();
      bool moved = false;
      while (fetch()) moved = true;
      if (advance()) moved = true;
      if (!moved) pulling_.exchange.turn();
    }
  } catch (const Stopped&) {  // whatever ends the run, what was delivered is to be known
    abandon(kPatienceWhenStopped);
    throw;
  } catch (const PeerGone&) {
    abandon(kPatience);
    throw;
  }
}

bool PullLane::finished() {
  if (!handed_.empty()) return false;
  if (pulling_.sink.down(now())) {
    interrupted_ = interrupted_ || !tasks_.empty() || !fetching_.empty() || !waiting_.empty();
    return true;
  }
  return tasks_.empty() && fetching_.empty() && waiting_.empty();
}

void PullLane::connect() {
  if (pulling_.sink.down(now()) || pulling_.deliverer.channel() != nullptr) return;
  if (tasks_.empty() && fetching_.empty() && waiting_.empty()) return;
  pulling_.deliverer.want();
}

void PullLane::abandon(std::chrono::milliseconds patience) {
  abandoned_ = true;
  pulling_.deliverer.quit();
  tasks_.clear();
  fetching_.clear();
  waiting_.clear();
  if (!handed_.empty()) pulling_.deliverer.outlast(patience);
  while (advance()) {
  }
}

// Asks for the next window, if there is one and room for it.
bool PullLane::fetch() {
  if (tasks_.empty() || pulling_.log.behind() ||
      fetching_.size() + waiting_.size() + handed_.size() >= kWindowsInFlight)
    return false;
  const Task first = tasks_.front();
  UidSet uids;
  std::uint64_t size = 0;
  std::size_t count = 0;
  for (; count < tasks_.size() && count < (first.alone ? 1 : kWindowMessages); ++count) {
    const Task& task = tasks_[count];
    if (task.group != first.group || task.alone != first.alone) break;
    if (count > 0 && size + task.size > kWindowOctets) break;
    size += task.size;
    uids.add(task.uid);
  }
  if (inFlight_ > 0 && inFlight_ + size > kOctetsInFlight) return false;
  tasks_.erase(tasks_.begin(), tasks_.begin() + static_cast<std::ptrdiff_t>(count));
  inFlight_ += size;
  pulling_.server.ensureSelected(mailbox_);
  fetching_.push_back({uids, size, first.group, first.alone != 0,
                       pulling_.server.fetchBodies({uids, /*envelope=*/true, Reading::again})});
  return true;
}

// One transaction for all that has come: what was settled first, then what is handed over next.
bool PullLane::advance() {
  DeliveryProcess& deliverer = pulling_.deliverer;
  std::vector<DeliveryAnswer> answers;
  while (auto answer = deliverer.next()) answers.push_back(std::move(*answer));
  auto end = deliverer.takeEnd();
  bool fetched = !fetching_.empty() && fetching_.front().reply.ready();
  if (answers.empty() && !end && !fetched && !mayHandOver()) return false;

  std::vector<Window> next;
  pulling_.state.write("deliveries", [&] {
    for (const DeliveryAnswer& answer : answers) take(answer);
    if (end) close(*end);
    while (!fetching_.empty() && fetching_.front().reply.ready()) {
      take(fetching_.front());
      fetching_.pop_front();
    }
    next = handOver();
  });
  for (auto& line : std::exchange(lines_, {})) line();
  for (Window& window : next) submit(std::move(window));
  if (end && !end->closed)
    throw Failure(ExitStatus::internal, "delivery ended without a word about what it had been given");
  if (end && !abandoned_ && !finished()) pulling_.exchange.pause(pulling_.sink.pause());
  return true;
}

void PullLane::take(const DeliveryAnswer& answer) {
  auto window = std::ranges::find(handed_, answer.id, &Window::id);
  if (window == handed_.end()) throw PeerViolation("delivery answered what was not asked");
  if (auto* settled = std::get_if<deliver::Settled>(&answer.what)) return settle(*window, *settled);
  if (window->unsettled != 0) throw PeerViolation("delivery is done with a window that is not settled");
  inFlight_ -= window->size;
  handed_.erase(window);
}

void PullLane::settle(Window& window, const deliver::Settled& settled) {
  const auto& recipients = groups_[window.group];
  if (settled.message >= window.messages.size() || window.settled[settled.message] ||
      settled.outcomes.size() != recipients.size())
    throw PeerViolation("delivery settled what was not to be settled");
  window.settled[settled.message] = true;
  --window.unsettled;
  const answer::WindowMessage& message = window.messages[settled.message];
  OpenMessage open = known(message);
  // A lost connection says little about the message: it is tried once more before it counts as deferred.
  bool first = !lost_.contains(message.uid);
  std::vector<ForwardPath> again;
  for (std::size_t i = 0; i < recipients.size(); ++i) {
    const deliver::Outcome& outcome = settled.outcomes[i];
    if (outcome.code != 0) pulling_.sink.progress();
    bool lost = outcome.kind == deliver::Outcome::Kind::deferred && outcome.code == 0;
    store::RecipientFate fate{recipients[i].text(), fateOf(outcome.kind), replyText(outcome), now()};
    if (lost && first)
      again.push_back(recipients[i]);
    else
      sayOutcome(message.uid, recipients[i].text(), fate);
    put(open.fates, std::move(fate));
  }
  if (!again.empty()) {
    lost_.add(message.uid);
    add(message.uid, message.body.size, again);
  }
  record(std::move(open), message.body.size, !again.empty());
}

// After the last word nothing else is under way, and what was not settled has come to nothing. Without one,
// it may have been delivered.
void PullLane::close(const DeliveryProcess::End& end) {
  bool more = !tasks_.empty() || !fetching_.empty() || !waiting_.empty() || !handed_.empty();
  while (!handed_.empty()) {
    Window window = std::move(handed_.back());
    handed_.pop_back();
    std::vector<answer::WindowMessage> left;
    for (std::size_t i = 0; i < window.messages.size(); ++i) {
      if (window.settled[i]) continue;
      pulling_.state.takeBack(id_, window.messages[i].uid);
      left.push_back(std::move(window.messages[i]));
    }
    window.messages = std::move(left);
    window.again = true;
    if (window.messages.empty() || end.closed) {
      if (window.messages.empty())
        inFlight_ -= window.size;
      else
        waiting_.push_front(std::move(window));
      continue;
    }
    for (const answer::WindowMessage& message : window.messages) {
      OpenMessage open = known(message);
      for (const ForwardPath& recipient : groups_[window.group]) {
        store::RecipientFate fate{recipient.text(), Fate::unknown, "delivery ended without a word", now()};
        sayOutcome(message.uid, recipient.text(), fate);
        put(open.fates, std::move(fate));
      }
      record(std::move(open), message.body.size);
    }
  }
  if (end.closed && more) pulling_.sink.failed(*end.closed, now());
}

void PullLane::take(Fetching& fetching) {
  FetchedBodies& bodies = fetching.reply.get();
  inFlight_ -= fetching.size;
  if (!fetching.reply.done().ok())
    say([this, text = words(fetching.reply.done())] {
      pulling_.log.error(aboutMailbox(mailbox_), text, ExitStatus::tryAgain);
    });
  UidSet missing = fetching.uids;
  for (Uid uid : bodies.tooLarge) {
    missing.remove(UidSet::single(uid));
    refuseTooLarge(uid, fetching.group);
  }
  for (FetchedBodies::Part& part : bodies.parts) {
    Window window{fetching.group, {}, 0, std::move(part.bodies)};
    for (answer::WindowMessage& message : part.messages) {
      if (!missing.contains(message.uid)) continue;  // a server may say it twice
      missing.remove(UidSet::single(message.uid));
      window.size += message.body.size;
      window.messages.push_back(std::move(message));
    }
    if (window.messages.empty()) continue;
    inFlight_ += window.size;
    waiting_.push_back(std::move(window));
  }
  // Expunged meanwhile, or something about one of them keeps the server from sending it: the others shall not
  // suffer.
  for (Uid uid : missing.each()) {
    if (fetching.alone)
      missing_.add(uid);
    else
      tasks_.push_back({uid, 0, static_cast<std::uint32_t>(fetching.group) & 0x7fffffffU, 1});
  }
}

void PullLane::refuseTooLarge(Uid uid, std::size_t group) {
  OpenMessage open{uid};
  if (auto it = open_.find(uid); it != open_.end()) open = it->second;
  for (const ForwardPath& recipient : groups_[group]) {
    refused_.emplace(uid, recipient.text());
    put(open.fates, {recipient.text(), Fate::refused, "larger than max-message-size", now()});
  }
  say([this, uid] {
    pulling_.log.error(aboutMailbox(mailbox_), number(uid) + " is larger than max-message-size",
                       ExitStatus::data);
  });
  record(std::move(open), 0);
}

std::size_t PullLane::handed() const {
  std::size_t messages = 0;
  for (const Window& window : handed_) messages += window.unsettled;
  return messages;
}

bool PullLane::mayHandOver() const {
  return !waiting_.empty() && pulling_.deliverer.ready() && handed() < kMostHanded;
}

std::vector<PullLane::Window> PullLane::handOver() {
  std::vector<Window> next;
  if (!mayHandOver()) return next;
  for (std::size_t handed = this->handed(); !waiting_.empty() && handed < kMostHanded;) {
    Window& window = waiting_.front();
    for (const answer::WindowMessage& message : window.messages) pulling_.state.handOver(id_, message.uid);
    handed += window.messages.size();
    next.push_back(std::move(window));
    waiting_.pop_front();
  }
  return next;
}

void PullLane::submit(Window window) {
  deliver::Window request{groups_[window.group], {}};
  for (const answer::WindowMessage& message : window.messages) {
    if (!window.again)
      pulling_.log.info(aboutMailbox(mailbox_), number(message.uid) + " from <" + message.sender.text() +
                                                    "> (" + std::string(message.date.text()) + ")");
    request.messages.push_back({message.sender, message.body});
  }
  Descriptor copy(fcntl(window.bodies.get(), F_DUPFD_CLOEXEC, 0));
  if (!copy) throw Failure(ExitStatus::internal, "cannot pass message bodies on: too many descriptors");
  window.settled.assign(window.messages.size(), false);
  window.unsettled = window.messages.size();
  window.id = pulling_.deliverer.submit(std::move(request), std::move(copy));
  handed_.push_back(std::move(window));
}

OpenMessage PullLane::known(const answer::WindowMessage& message) const {
  OpenMessage open{message.uid};
  if (auto it = open_.find(message.uid); it != open_.end()) open = it->second;
  open.identity = {message.header, message.date.seconds(), message.body.size};
  return open;
}

// The message has been tried for those that it was to be tried for.
void PullLane::record(OpenMessage message, std::uint64_t size, bool toBeContinued) {
  std::erase_if(message.fates, [&](const store::RecipientFate& each) {  // the configuration has changed
    return std::ranges::find(pulling_.recipients, each.recipient, &ForwardPath::text) ==
           pulling_.recipients.end();
  });
  if (isDelivered(message, pulling_.recipients)) {
    pulling_.state.settle(id_, {message.uid, store::Settlement::delivered, message.identity, false});
    if (message.marked) recovered_.add(message.uid);
    open_.erase(message.uid);
    ++pulling_.done.delivered;
    pulling_.done.octets += size;
    return;
  }
  if (!toBeContinued) ++message.attempts;
  bool again = message.has(Fate::deferred) || message.has(Fate::unknown);
  message.next = again ? now() + backoff(message.attempts) : 0;
  if (!toBeContinued)
    ++(message.has(Fate::unknown) ? pulling_.done.unknown
       : again                    ? pulling_.done.deferred
                                  : pulling_.done.refused);
  pulling_.state.put(id_, message);
  open_.insert_or_assign(message.uid, std::move(message));
}

void PullLane::sayOutcome(Uid uid, const std::string& recipient, const store::RecipientFate& fate) {
  std::string what = number(uid), to = " <" + recipient + ">";
  switch (fate.fate) {
    case Fate::delivered: return;
    case Fate::refused:
      refused_.emplace(uid, recipient);
      return say([this, text = what + " was refused for" + to + ": " + fate.reply] {
        pulling_.log.error(aboutMailbox(mailbox_), text, ExitStatus::data);
      });
    case Fate::deferred:
      return say([this, text = what + " is deferred for" + to + ": " + fate.reply] {
        pulling_.log.warning(aboutMailbox(mailbox_), text);
      });
    case Fate::unknown:
      return say([this, text = what + " may have been delivered to" + to + ": " + fate.reply +
                               ". It will be tried again, so it may come twice"] {
        pulling_.log.warning(aboutMailbox(mailbox_), text);
      });
  }
}

}  // namespace interimap
