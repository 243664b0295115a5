// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "delivery/service.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>
#include <vector>

#include "delivery/deadlines.h"
#include "delivery/limits.h"
#include "ipc/failure.h"

namespace interimap {

namespace {

short pollFor(bool reading, bool writing) {
  return static_cast<short>((reading ? POLLIN : 0) | (writing ? POLLOUT : 0));
}

// Sync and launch hang up only when they end; poll says so even where reading was not asked for.
void requirePeer(const pollfd& waited) {
  if ((waited.revents & (POLLHUP | POLLERR | POLLNVAL)) && !(waited.events & POLLIN)) throw PeerGone();
}

constexpr int kLastWords = 5000;  // milliseconds that sync may take to make room for them

}  // namespace

Service::Service(settings::Delivery& settings, Reporter& launch, Channel sync)
    : launch_(launch),
      sync_(std::move(sync)),
      dialogue_(
          settings, [&launch](LogLevel level, const std::string& text) { launch.log(level, text); },
          [this](Transaction& transaction) { settled(transaction); }) {}

void Service::ask(const settings::Delivery& settings, const Passed& passed) {
  passed_ = passed;
  dialogue_.tell(passed);
  auto sender = ReversePath::parse(settings.askedFrom);
  std::vector<ForwardPath> recipients;
  for (const std::string& text : settings.askedFor)
    if (auto path = ForwardPath::parse(text)) recipients.push_back(*path);
  if (!recipients.empty()) {
    BodyWriter nothing;
    std::vector<BodyRange> ranges{{0, 0}};
    auto window = std::make_shared<DeliveryWindow>(
        DeliveryWindow{0, std::move(recipients), Bodies(nothing.seal(), ranges), 1});
    dialogue_.submit({window, 0, sender.value_or(ReversePath()), ranges.front()});
  }
  dialogue_.quit();
}

void Service::requireAccepted() const {
  if (!notAccepted_.empty())
    throw Failure(refused_ ? ExitStatus::data : ExitStatus::tryAgain,
                  "The server does not accept" + notAccepted_ +
                      ". See deliver-rcpt and deliver-sender, or the server's own settings");
}

// The connection is made when there is mail to send on it: a server counts the time in which it hears
// nothing.
bool Service::awaitRequest() {
  while (true) {
    takeOrders();
    if (stopBy_) {
      close("Stopped", ExitStatus::ok);
      return false;
    }
    std::array<pollfd, 2> waited{
        {{launch_.fd(), pollFor(true, launch_.sending()), 0}, {sync_.fd(), POLLIN, 0}}};
    poll(waited.data(), waited.size(), -1);
    launch_.flush();
    first_ = sync_.receive();
    if (first_) return true;
  }
}

void Service::serve(std::unique_ptr<Stream> stream, const StartTls& startTls) {
  stream_ = std::move(stream);
  dialogue_.bind(stream_->channelBindings());
  progress_ = Clock::now();
  while (true) {
    takeOrders();
    takeRequests();
    write();
    if (dialogue_.over()) return close(dialogue_.farewell(), dialogue_.status());
    wait();
    read();
    if (launch_.queued() > limits::kMostQueuedLines) awaitLaunch();
    if (!dialogue_.handshakeDue()) continue;
    stream_ = startTls(std::move(stream_));
    dialogue_.bind(stream_->channelBindings());
    dialogue_.secured();
    progress_ = Clock::now();
  }
}

// Stop: what is under way is finished, nothing else is begun.
void Service::takeOrders() {
  while (auto order = launch_.poll()) {
    if (!std::holds_alternative<Stop>(order->what)) throw PeerViolation("an order that is not due");
    if (!stopBy_) stopBy_ = Clock::now() + deadlines::kStop;
    dialogue_.hold();
    dialogue_.quit();
  }
}

std::optional<Packet> Service::nextPacket() {
  return first_ ? std::exchange(first_, std::nullopt) : sync_.receive();
}

void Service::takeRequests() {
  while (roomForRequests()) {
    auto packet = nextPacket();
    if (!packet) return;
    bool idle = !dialogue_.underWay();
    take(readDeliveryRequest(std::move(*packet)));
    // The server was silent because nobody asked it anything.
    if (idle) progress_ = Clock::now();
  }
}

void Service::take(DeliveryRequest request) {
  if (std::holds_alternative<deliver::Quit>(request.what)) {
    quitId_ = request.id;
    return dialogue_.quit();
  }
  auto& window = std::get<deliver::Window>(request.what);
  std::vector<BodyRange> ranges;
  for (const deliver::Message& message : window.messages) ranges.push_back(message.body);
  // Twice: once for the size in MAIL, once for the mail data.
  Bodies bodies(std::move(request.bodies), ranges, Reading::again);
  if (window.messages.empty()) return answer(request.id, deliver::Done{});
  auto shared = std::make_shared<DeliveryWindow>(
      DeliveryWindow{request.id, std::move(window.forwardPaths), std::move(bodies), window.messages.size()});
  for (std::uint32_t i = 0; i < window.messages.size(); ++i)
    dialogue_.submit({shared, i, std::move(window.messages[i].reversePath), window.messages[i].body});
}

void Service::asked(const Transaction& transaction) {
  auto outcomes = transaction.outcomes();
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const std::string& recipient = transaction.forwardPaths()[i].text();
    const deliver::Outcome& outcome = outcomes[i];
    std::string said = (outcome.code == 0 ? "" : std::to_string(outcome.code) + " ") + outcome.text;
    if (outcome.kind == deliver::Outcome::Kind::delivered) {
      passed_("recipient", "Recipient <" + recipient + "> is accepted", {{"recipient", recipient}});
      continue;
    }
    refused_ = refused_ || outcome.kind == deliver::Outcome::Kind::refused;
    notAccepted_ += (notAccepted_.empty() ? " <" : "; <") + recipient + ">: " + said;
  }
}

void Service::settled(Transaction& transaction) {
  if (passed_) return asked(transaction);
  DeliveryWindow& window = transaction.window();
  answer(window.id, deliver::Settled{transaction.message(), transaction.outcomes()});
  if (--window.unsettled == 0) answer(window.id, deliver::Done{});
}

void Service::answer(RequestId id, decltype(DeliveryAnswer::what) what) {
  sync_.send(pack(DeliveryAnswer{id, std::move(what)}));
}

// The last word. It has to arrive: without it sync takes this process for one that crashed.
void Service::close(const std::string& reason, ExitStatus status) {
  answer(quitId_.value_or(0), deliver::Closed{reason.substr(0, kMostReplyText), status});
  sync_.drain(kLastWords);
}

// Until it has read most of its log lines; what the server does meanwhile is not held against it.
void Service::awaitLaunch() {
  while (launch_.queued() > limits::kMostQueuedLines / 2) {
    pollfd waited{launch_.fd(), POLLOUT, 0};
    poll(&waited, 1, -1);
    launch_.flush();
  }
  progress_ = Clock::now();
}

void Service::write() {
  while (true) {
    std::string_view output = dialogue_.output();
    Stream::Result result = output.empty() ? Stream::Result{Stream::State::again, 0} : stream_->write(output);
    if (result.state != Stream::State::ok) break;
    dialogue_.written(result.size);
    progress_ = Clock::now();
  }
  stream_->flush();
}

// One buffer at a time: the other descriptors have their turn.
void Service::read() {
  std::array<char, limits::kReadBuffer> buffer;
  Stream::Result result = stream_->read(buffer);
  if (result.state == Stream::State::again) return;
  if (result.state == Stream::State::end) return dialogue_.end();
  std::size_t before = dialogue_.progress();
  dialogue_.receive({buffer.data(), result.size});
  if (dialogue_.progress() != before) progress_ = Clock::now();
}

std::optional<Service::Clock::time_point> Service::deadline() const {
  auto patience = dialogue_.patience();
  if (!patience) return stopBy_;
  auto end = progress_ + *patience;
  return stopBy_ ? std::min(*stopBy_, end) : end;
}

void Service::expired() {
  if (dialogue_.leaving()) return dialogue_.end();  // nobody needs the reply to QUIT
  if (stopBy_ && Clock::now() >= *stopBy_)
    throw Failure(ExitStatus::ok, "Stopped before the server sent " + dialogue_.awaited());
  throw Failure(ExitStatus::unavailable, "The server did not send " + dialogue_.awaited() + " in time");
}

void Service::wait() {
  int milliseconds = -1;
  if (auto end = deadline()) {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(*end - Clock::now()).count();
    if (left <= 0) return expired();
    milliseconds = static_cast<int>(left);
  }
  // TLS may hold what has left the socket already: poll would not see it.
  if (stream_->pending()) milliseconds = 0;
  bool writing = stream_->wantsWrite() || !dialogue_.output().empty();
  std::array<pollfd, 3> waited{{{launch_.fd(), pollFor(true, launch_.sending()), 0},
                                {sync_.fd(), pollFor(roomForRequests(), sync_.sending()), 0},
                                {stream_->fd(), pollFor(true, writing), 0}}};
  poll(waited.data(), waited.size(), milliseconds);
  requirePeer(waited[1]);
  launch_.flush();
  sync_.flush();
}

void Service::abandon(const std::string& reason, ExitStatus status) {
  // Replies may have arrived before what failed: the one to the last dot above all. This is the only place
  // that catches a Failure and goes on: the connection is over, whatever else goes wrong with it.
  try {
    std::array<char, limits::kReadBuffer> buffer;
    for (Stream::Result result; stream_ != nullptr && !dialogue_.over();) {
      result = stream_->read(buffer);
      if (result.state != Stream::State::ok) break;
      dialogue_.receive({buffer.data(), result.size});
    }
  } catch (const Failure&) {
  }
  dialogue_.abandon(reason);
  close(reason, status);
}

}  // namespace interimap
