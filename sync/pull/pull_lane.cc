// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pull/pull_lane.h"

#include <fcntl.h>

#include <algorithm>
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

void PullLane::connect() {
  if (pulling_.sink.down(pulling_.now()) || pulling_.deliverer.channel() != nullptr || idle()) return;
  pulling_.deliverer.want();
}

void PullLane::abandon(std::chrono::milliseconds patience) {
  abandoned_ = true;
  pulling_.deliverer.quit();
  fetch_.stop();
  waiting_.clear();
  if (!handed_.empty()) pulling_.deliverer.outlast(patience);
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
  DeliveryProcess& deliverer = pulling_.deliverer;
  std::vector<DeliveryAnswer> answers;
  while (auto answer = deliverer.next()) answers.push_back(std::move(*answer));
  auto end = deliverer.takeEnd();
  if (answers.empty() && !end && !fetch_.ready() && !mayHandOver()) return false;

  std::vector<Window> next;
  pulling_.state.write("deliveries", [&] {
    for (const DeliveryAnswer& answer : answers) take(answer);
    if (end) close(*end);
    while (fetch_.ready()) take(fetch_.take());
    next = handOver();
  });
  record_.tell();
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
  const auto& recipients = fetch_.recipients(window.group);
  if (settled.message >= window.messages.size() || window.settled[settled.message] ||
      settled.outcomes.size() != recipients.size())
    throw PeerViolation("delivery settled what was not to be settled");
  window.settled[settled.message] = true;
  --window.unsettled;
  const answer::WindowMessage& message = window.messages[settled.message];
  auto again = record_.settle(message, recipients, settled.outcomes);
  if (again.empty()) return;
  if (looping_)
    interrupted_ = true;
  else
    add(message.uid, static_cast<std::uint32_t>(std::min<std::uint64_t>(message.body.size, 0xffffffffU)),
        again);
}

// After the last word nothing else is under way, and what was not settled has come to nothing. Without one,
// it may have been delivered.
void PullLane::close(const DeliveryProcess::End& end) {
  bool more = !idle() || !handed_.empty();
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
    if (window.messages.empty())
      inFlight_ -= window.size;
    else if (end.closed)
      waiting_.push_front(std::move(window));
    else
      for (const auto& message : window.messages) record_.unknown(message, fetch_.recipients(window.group));
  }
  if (end.closed && more) pulling_.sink.failed(*end.closed, pulling_.now());
}

void PullLane::take(PullFetch::Fetched fetched) {
  inFlight_ -= fetched.size;
  if (!fetched.error.empty())
    record_.say([this, text = std::move(fetched.error)] {
      pulling_.log.error(aboutMailbox(mailbox_), text, ExitStatus::tryAgain);
    });
  for (Uid uid : fetched.tooLarge)
    record_.refuse(uid, fetch_.recipients(fetched.group), "larger than max-message-size");
  for (PullFetch::Window& each : fetched.windows) {
    Window window{std::move(each)};
    holdBack(window);
    if (window.messages.empty()) continue;
    if (looping_) {
      interrupted_ = true;
      continue;
    }
    inFlight_ += window.size;
    waiting_.push_back(std::move(window));
  }
}

// A loop may be of our own making, or of others': either is ended here, and what goes round stays where it
// is.
void PullLane::holdBack(Window& window) {
  std::erase_if(window.messages, [&](const answer::WindowMessage& message) {
    bool own = pulling_.deliveries.isOwn(message);
    if (!own && message.received < PullDeliveries::kMostReceived) return false;
    looping_ = looping_ || own;
    record_.hold(
        message, fetch_.recipients(window.group),
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
  deliver::Window request{fetch_.recipients(window.group), {}};
  for (const answer::WindowMessage& message : window.messages) {
    if (!window.again) record_.handedOver(message);
    request.messages.push_back({record_.sender(message), message.body});
  }
  Descriptor copy(fcntl(window.bodies.get(), F_DUPFD_CLOEXEC, 0));
  if (!copy) throw Failure(ExitStatus::internal, "cannot pass message bodies on: too many descriptors");
  window.settled.assign(window.messages.size(), false);
  window.unsettled = window.messages.size();
  window.id = pulling_.deliverer.submit(std::move(request), std::move(copy));
  handed_.push_back(std::move(window));
}

}  // namespace interimap
