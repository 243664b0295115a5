// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pull/pull_lane.h"

#include <fcntl.h>

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "ipc/failure.h"
#include "sync/mailboxes/mailbox.h"

namespace interimap {

namespace {

// Whatever delivery has in hand at a kill may have been delivered, and is to be named: so little begins at
// once.
constexpr std::size_t kMostHanded = 64;              // messages
constexpr std::uint64_t kOctetsInFlight = 16 << 20;  // bodies, wherever they are; one larger goes alone
constexpr std::size_t kWindowsInFlight = 16;
// For delivery to finish: launch said Stop, or a server is gone.
constexpr std::chrono::seconds kPatienceWhenStopped{8}, kPatience{30};

Descriptor another(const Descriptor& bodies) {
  Descriptor copy(fcntl(bodies.get(), F_DUPFD_CLOEXEC, 0));
  if (!copy) throw Failure(ExitStatus::internal, "cannot pass message bodies on: too many descriptors");
  return copy;
}

}  // namespace

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
  if (pulling_.sink.down(pulling_.now())) {
    interrupted_ = interrupted_ || !idle();
    return true;
  }
  return idle();
}

// One at a time: the next when those that are there have enough to do, and the server has answered.
void PullLane::connect() {
  if (pulling_.sink.down(pulling_.now()) || idle()) return;
  std::size_t there = 0;
  for (const DeliveryProcess& each : pulling_.deliverers) there += each.ready() || each.isAwaited();
  const bool another = there < pulling_.mostConnections && pulling_.sink.hasProgress() && !waiting_.empty() &&
                       leastBusy() == nullptr;
  if (there > 0 && !another) return;
  auto free = std::ranges::find_if(
      pulling_.deliverers, [](DeliveryProcess& each) { return !each.channel() && !each.isAwaited(); });
  if (free != pulling_.deliverers.end()) free->want();
}

void PullLane::abandon(std::chrono::milliseconds patience) {
  abandoned_ = true;
  for (DeliveryProcess& each : pulling_.deliverers) each.quit();
  fetch_.stop();
  waiting_.clear();
  const auto end = std::chrono::steady_clock::now() + patience;
  for (DeliveryProcess& each : pulling_.deliverers)
    if (handed(each) > 0)
      each.outlast(std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()));
  while (advance()) {
  }
}

// Asks for the next window, if there is one and room for it.
bool PullLane::fetch() {
  if (fetch_.nextIsLast() && (fetch_.outstanding() > 0 || !waiting_.empty() || !handed_.empty()))
    return false;
  if (!fetch_.wants() || pulling_.log.behind() ||
      fetch_.outstanding() + waiting_.size() + handed_.size() >= kWindowsInFlight)
    return false;
  std::uint64_t room = kOctetsInFlight - std::min(kOctetsInFlight, inFlight_);
  std::uint64_t asked = fetch_.ask(room, /*mayBeLarger=*/inFlight_ == 0);
  inFlight_ += asked;
  return asked != 0;
}

// One transaction for all that has come: what was settled first, then what is handed over next.
bool PullLane::advance() {
  using Answers = std::vector<DeliveryAnswer>;
  std::vector<std::tuple<DeliveryProcess*, Answers, std::optional<DeliveryProcess::End>>> heard;
  for (DeliveryProcess& each : pulling_.deliverers) {
    Answers answers;
    while (auto answer = each.next()) answers.push_back(std::move(*answer));
    auto end = each.takeEnd();
    if (!answers.empty() || end) heard.emplace_back(&each, std::move(answers), std::move(end));
  }
  if (heard.empty() && !fetch_.ready() && (waiting_.empty() || !leastBusy())) return false;

  bool failed = false, dead = false;
  std::vector<std::pair<DeliveryProcess*, Window>> next;
  pulling_.state.write("deliveries", [&] {
    for (auto& [by, answers, end] : heard) {
      for (const DeliveryAnswer& answer : answers) take(*by, answer);
      if (!end) continue;
      const bool superfluous = isSuperfluous(*by, *end);
      close(*by, *end, superfluous);
      failed = failed || !superfluous;
      dead = dead || !end->closed;
    }
    while (fetch_.ready()) take(fetch_.take());
    next = handOver();
  });
  record_.tell();
  for (auto& [to, window] : next) submit(*to, std::move(window));
  if (dead) throw Failure(ExitStatus::internal, "delivery ended without a word about what it had been given");
  if (failed && !abandoned_ && !finished()) pulling_.exchange.pause(pulling_.sink.pause());
  return true;
}

void PullLane::take(const DeliveryProcess& by, const DeliveryAnswer& answer) {
  auto window =
      std::ranges::find_if(handed_, [&](const Window& it) { return it.by == &by && it.id == answer.id; });
  if (window == handed_.end()) throw PeerViolation("delivery answered what was not asked");
  if (auto* settled = std::get_if<deliver::Settled>(&answer.what)) return settle(*window, *settled);
  if (window->unsettled != 0) throw PeerViolation("delivery is done with a window that is not settled");
  inFlight_ -= window->size;
  handed_.erase(window);
}

void PullLane::settle(Window& window, const deliver::Settled& settled) {
  const Recipients& recipients = window.recipients;
  if (settled.message >= window.messages.size() || window.settled[settled.message] ||
      settled.outcomes.size() != recipients.size())
    throw PeerViolation("delivery settled what was not to be settled");
  window.settled[settled.message] = true;
  --window.unsettled;
  const answer::WindowMessage& message = window.messages[settled.message];
  auto again = record_.settle(message, recipients, settled.outcomes);
  if (again.empty()) return;
  if (looping_) {
    interrupted_ = true;
    return;
  }
  again_[message.uid] = std::move(again);
  add(message.uid, static_cast<std::uint32_t>(std::min<std::uint64_t>(message.body.size, 0xffffffffU)));
}

// Turned away while another is at work: the server takes so many connections and no more.
bool PullLane::isSuperfluous(const DeliveryProcess& by, const DeliveryProcess::End& end) {
  if (!end.closed || end.answered) return false;
  std::size_t others = 0;
  for (const DeliveryProcess& each : pulling_.deliverers) others += &each != &by && each.ready();
  if (others == 0) return false;
  pulling_.mostConnections = others;
  record_.say([this, others, reason = end.closed->reason] {
    pulling_.log.info(About::run(),
                      "The server takes " + std::to_string(others) + " connection(s) and no more: " + reason);
  });
  return true;
}

// After the last word nothing else is under way, and what was not settled has come to nothing. Without one,
// it may have been delivered.
void PullLane::close(const DeliveryProcess& by, const DeliveryProcess::End& end, bool superfluous) {
  bool more = !idle() || handed(by) > 0;
  for (std::size_t at = handed_.size(); at-- > 0;) {
    if (handed_[at].by != &by) continue;
    Window window = std::move(handed_[at]);
    handed_.erase(handed_.begin() + static_cast<std::ptrdiff_t>(at));
    std::vector<answer::WindowMessage> left;
    for (std::size_t i = 0; i < window.messages.size(); ++i) {
      if (window.settled[i]) continue;
      pulling_.state.takeBack(id_, window.messages[i].uid);
      left.push_back(std::move(window.messages[i]));
    }
    window.messages = std::move(left);
    window.again = true;
    if (window.messages.empty())
      inFlight_ -= window.size;
    else if (end.closed)
      waiting_.push_front(std::move(window));
    else
      for (const auto& message : window.messages) record_.unknown(message, window.recipients);
  }
  if (end.closed && more && !superfluous) pulling_.sink.failed(*end.closed, pulling_.now());
}

void PullLane::take(PullFetch::Fetched fetched) {
  inFlight_ -= fetched.size;
  if (!fetched.error.empty())
    record_.say([this, text = std::move(fetched.error)] {
      pulling_.log.error(aboutMailbox(mailbox_), text, ExitStatus::tryAgain);
    });
  for (Uid uid : fetched.tooLarge) record_.refuse(uid, "larger than max-message-size");
  for (PullFetch::Window& each : fetched.windows) {
    holdBack(each);
    if (each.messages.empty()) continue;
    if (looping_) {
      interrupted_ = true;
      continue;
    }
    for (Window& window : sortByRecipients(std::move(each))) {
      inFlight_ += window.size;
      waiting_.push_back(std::move(window));
    }
  }
}

// Those for whom it is to be tried now.
PullLane::Recipients PullLane::remaining(const answer::WindowMessage& message,
                                         const PullAddressees::Whom& whom) {
  if (auto again = again_.extract(message.uid)) return std::move(again.mapped());
  record_.tellLeftOut(message, whom);
  return interimap::remaining(record_.known(message.uid), whom.recipients, retryRefused_);
}

// One window for each set of recipients, in the order in which those come.
std::vector<PullLane::Window> PullLane::sortByRecipients(PullFetch::Window window) {
  std::vector<Window> sorted;
  auto bodies = std::make_shared<const Descriptor>(std::move(window.bodies));
  for (answer::WindowMessage& message : window.messages) {
    const auto whom = pulling_.addressees.of(mailbox_, message.named);
    if (whom.recipients.empty()) {
      record_.refuse(message.uid, whom.leftOut.empty()
                                      ? "for nobody: rcpt-from names nobody, and there is no deliver-rcpt"
                                      : "for " + listed(whom.leftOut) + ", who is not in rcpt-allow");
      continue;
    }
    Recipients recipients = remaining(message, whom);
    if (recipients.empty()) {
      record_.close(message);
      continue;
    }
    auto its = std::ranges::find(sorted, recipients, &Window::recipients);
    if (its == sorted.end()) {
      sorted.push_back({.recipients = std::move(recipients), .bodies = bodies});
      its = sorted.end() - 1;
    }
    its->size += message.body.size;
    its->messages.push_back(std::move(message));
  }
  return sorted;
}

// A loop may be of our own making, or of others': either is ended here, and what goes round stays where it
// is.
void PullLane::holdBack(PullFetch::Window& window) {
  std::erase_if(window.messages, [&](const answer::WindowMessage& message) {
    bool own = pulling_.deliveries.isOwn(message);
    if (!own && message.received < PullDeliveries::kMostReceived) return false;
    looping_ = looping_ || own;
    record_.hold(
        message,
        own ? "was delivered before, and has come back: does the server deliver into the mailbox that "
              "is pulled? It is held back, and this visit ends"
            : "has " + std::to_string(message.received) +
                  " Received fields: does it go round in a loop? It is held back");
    return true;
  });
  if (!looping_) return;
  interrupted_ = interrupted_ || !idle();
  fetch_.stop();
  waiting_.clear();
}

std::size_t PullLane::handed(const DeliveryProcess& by) const {
  std::size_t messages = 0;
  for (const Window& window : handed_)
    if (window.by == &by) messages += window.unsettled;
  return messages;
}

// `more`: what is about to be handed to them.
DeliveryProcess* PullLane::leastBusy(const Handing& more) {
  DeliveryProcess* least = nullptr;
  std::size_t most = kMostHanded;
  for (DeliveryProcess& each : pulling_.deliverers) {
    auto soon = more.find(&each);
    const std::size_t has =
        !each.ready() ? kMostHanded : handed(each) + (soon == more.end() ? 0 : soon->second);
    if (has >= most) continue;
    least = &each;
    most = has;
  }
  return least;
}

std::vector<std::pair<DeliveryProcess*, PullLane::Window>> PullLane::handOver() {
  std::vector<std::pair<DeliveryProcess*, Window>> next;
  Handing more;
  while (!waiting_.empty()) {
    DeliveryProcess* to = leastBusy(more);
    if (to == nullptr) break;
    Window& window = waiting_.front();
    for (const answer::WindowMessage& message : window.messages) pulling_.state.handOver(id_, message.uid);
    more[to] += window.messages.size();
    next.emplace_back(to, std::move(window));
    waiting_.pop_front();
  }
  return next;
}

void PullLane::submit(DeliveryProcess& to, Window window) {
  deliver::Window request{window.recipients, {}};
  for (const answer::WindowMessage& message : window.messages) {
    if (!window.again) record_.handedOver(message);
    request.messages.push_back({record_.sender(message), message.body});
  }
  window.settled.assign(window.messages.size(), false);
  window.unsettled = window.messages.size();
  window.by = &to;
  window.id = to.submit(std::move(request), another(*window.bodies));
  handed_.push_back(std::move(window));
}

}  // namespace interimap
