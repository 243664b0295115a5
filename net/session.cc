// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/session.h"

#include <poll.h>

#include <algorithm>
#include <utility>

#include "ipc/failure.h"
#include "net/exchange/list.h"

namespace interimap {

namespace {

Outbox::Literals literalsOf(const Capabilities& capabilities) {
  const ExtensionSet& extensions = capabilities.extensions();
  return extensions.has(Extension::literalPlus)    ? Outbox::Literals::plus
         : extensions.has(Extension::literalMinus) ? Outbox::Literals::minus
                                                   : Outbox::Literals::synchronising;
}

Log logTo(Reporter& reporter) {
  return [&reporter](LogLevel level, const std::string& text) { reporter.log(level, text); };
}

}  // namespace

Session::Session(settings::Net& settings, std::unique_ptr<Stream> stream, LoginSteps::StartTls startTls,
                 Reporter& reporter, Channel& sync, MessageHeader& header, Deadlines deadlines, Rests rests)
    : settings_(settings),
      reporter_(reporter),
      sync_(sync),
      silence_(deadlines),
      throttle_(std::chrono::seconds(settings.maxWait), rests,
                [this](auto length, const auto& text, bool tooLong) { this->rests(length, text, tooLong); }),
      rate_(settings.rate),
      compression_(settings.compress, deadlines.nearby),
      remarks_(logTo(reporter)),
      pipeline_(connection_, sync, silence_, throttle_, header, logTo(reporter), settings),
      connection_(std::move(stream), pipeline_, logTo(reporter), settings.debug),
      login_({connection_, pipeline_, silence_, greeting_, capabilities_, waiting_}, std::move(startTls),
             logTo(reporter), passedTo(reporter, settings.check), [this] { turn(); }) {}

void Session::serve() {
  try {
    std::string greeting = logIn(login_, settings_);
    if (settings_.check) survey();
    enterReady();
    pipeline_.loggedIn(capabilities_, std::move(greeting));
    while (true) turn();
  } catch (const Failure& failure) {
    // What was asked is not the cause if it is all that is too much.
    if (failure.status != ExitStatus::tryAgain) pipeline_.takeLeave(failure.what());
    throw;
  }
}

// What only --check asks for. A server that refuses an answer is none the worse for it.
void Session::survey() {
  std::string names;
  for (const std::string& name : capabilities_.names()) names += (names.empty() ? "" : " ") + name;
  login_.passed("capabilities", "Capabilities: " + names, {{"capabilities", names}});
  for (auto [capability, command] : {std::pair("ID", "ID NIL"), std::pair("QUOTA", "GETQUOTAROOT INBOX")})
    if (capabilities_.has(capability) ||
        (std::string_view(capability) == "QUOTA" && capabilities_.hasAny("QUOTA")))
      login_.run(Command(command), Dialogue::Manner::plain, nullptr);
}

Session::~Session() {
  try {
    if (phase_ == Phase::ready && !pipeline_.loggedOut() && !connection_.ended() &&
        connection_.outbox().betweenCommands()) {
      connection_.send(Command("LOGOUT"));
      connection_.write(limits::kOutBuffer);
    }
    remarks_.tell();
    reporter_.report({connection_.traffic()});
  } catch (const std::exception&) {
    // The server is gone as well, or launch.
  }
}

void Session::enterReady() {
  phase_ = Phase::ready;
  connection_.outbox().setLiterals(literalsOf(capabilities_));
}

// The event loop.

void Session::turn() {
  // RFC 4978 section 3: nothing may be sent behind COMPRESS before its answer is there.
  if (phase_ != Phase::compressing) pipeline_.go();
  startRequests();
  if (connection_.write(rate_.most())) silence_.restart();
  rate_.reached(connection_.moved());
  if (takeResponses()) return;
  await();
}

// Who does not take what we have for him makes the server wait: nothing piles up here. And so does its rate.
bool Session::reading() {
  return !connection_.ended() && sync_.queued() < limits::kMostQueuedAnswers &&
         reporter_.queued() < limits::kMostQueuedLines && rate_.most() > 0;
}

bool Session::readingRequests() const { return waiting_.size() < limits::kMostWaiting && !pipeline_.full(); }

void Session::await() {
  bool rests = connection_.ended() || rate_.most() == 0;
  short server = rests ? short{0} : connection_.events(reading());
  pollfd fds[] = {
      {reporter_.fd(), static_cast<short>(POLLIN | (reporter_.sending() ? POLLOUT : 0)), 0},
      {sync_.fd(), static_cast<short>((readingRequests() ? POLLIN : 0) | (sync_.sending() ? POLLOUT : 0)), 0},
      {server == 0 ? -1 : connection_.fd(), server, 0}};
  if (poll(fds, std::size(fds), timeout()) < 0) return;
  if (fds[0].revents != 0) {
    reporter_.flush();
    // Stop is for sync to obey: it knows what may be interrupted, and this process ends with it.
    if (auto order = reporter_.poll(); order && !std::holds_alternative<Stop>(order->what))
      throw PeerViolation("launch sent a second order");
  }
  if (fds[1].revents != 0) {
    if (fds[1].revents & (POLLERR | POLLHUP) && !readingRequests()) throw PeerGone();
    sync_.flush();
    readRequests();
  }
  if (reading() && (fds[2].revents != 0 || connection_.pending())) readServer();
}

void Session::readRequests() {
  while (readingRequests()) {
    auto packet = sync_.receive();
    if (!packet) return;
    waiting_.push_back(readRequest(std::move(*packet)));
  }
}

void Session::readServer() {
  // What comes behind the OK to COMPRESS is compressed: a small buffer, as it is taken back (RFC 4978
  // section 3).
  const std::size_t most = phase_ == Phase::compressing ? limits::kReadBeforeDeflate : limits::kReadBuffer;
  connection_.read(std::min(most, rate_.most()));
  rate_.reached(connection_.moved());
  // A greeting is one line: to send it piece by piece is no progress.
  if (greeting_.come()) silence_.receiving(connection_.received());
  takeResponses();
  if (connection_.ended()) serverGone();
}

bool Session::takeResponses() {
  bool any = false;
  while (reading() && connection_.unread()) {
    const Response* response = connection_.next();
    if (response == nullptr) break;
    any = true;
    handle(*response);
  }
  if (any) silence_.heard(connection_.received());
  return any;
}

// Silence, and the end.

Awaited Session::awaited() {
  if (!reading()) return Awaited::nothing;
  if (pipeline_.watching()) return Awaited::news;
  if (greeting_.perhaps()) return Awaited::otherGreeting;
  if (!greeting_.come()) return Awaited::greeting;
  return pipeline_.awaits() || connection_.unsent() ? Awaited::answer : Awaited::nothing;
}

// Milliseconds. When they are over without a greeting or an answer, so is the session; without news, or a
// greeting behind an alert, somebody else looks at the clock (Pipeline::goOn(), LoginSteps::greeting()).
int Session::timeout() {
  if (reading() && connection_.pending()) return 0;
  Awaited awaited = this->awaited();
  bool due = awaited == Awaited::greeting || awaited == Awaited::answer;
  if (due && silence_.over(awaited)) silent(awaited);
  int time = silence_.left(awaited);
  for (auto left : {throttle_.left(), rate_.left()})
    if (int rest = static_cast<int>(left.count()); rest > 0 && (time < 0 || rest < time)) time = rest;
  return time;
}

void Session::rests(std::chrono::milliseconds length, const std::string& text, bool tooLong) {
  if (!tooLong) reporter_.log(LogLevel::notice, text);
  reporter_.report({Waits{static_cast<std::uint64_t>(length.count()), false}});
}

void Session::silent(Awaited awaited) const {
  auto seconds = std::chrono::duration_cast<std::chrono::seconds>(silence_.allowed(awaited)).count();
  std::string text = "no " + std::string(awaited == Awaited::greeting ? "greeting" : "answer") +
                     " from the server for " + std::to_string(seconds) + " seconds";
  if (awaited == Awaited::greeting && settings_.transport == settings::Transport::imap)
    text += "; is it a port for TLS (type = imaps)?";
  else if (!pipeline_.empty())
    text += " to " + std::string(pipeline_.oldest());
  throw Failure(ExitStatus::unavailable, text);
}

void Session::serverGone() {
  if (pipeline_.loggedOut())
    return pipeline_.abandon();  // sync has no more to ask, and will end this process
  const std::string& bye = remarks_.lastWords();
  if (bye.empty()) throw Failure(ExitStatus::unavailable, "0 bytes read (got EOF): " + lost());
  std::string text = "server closed the connection: BYE " + bye;
  if (settings_.renewable && saysTokenExpired(bye))
    throw Failure(kStale, text + ". Asking for a fresh access token");
  auto said = Throttled::inBye(bye);
  // Exchange: "Connection closed. 14", behind a refusal that named the time.
  if (!said && throttle_.isThrottled()) said.emplace();
  if (!said) throw Failure(ExitStatus::unavailable, text);
  auto least = said->why == Throttled::Why::quota ? limits::kQuota : std::chrono::milliseconds(0);
  auto wait = std::max(said->named.value_or(least), throttle_.left());
  reporter_.report({Waits{static_cast<std::uint64_t>(wait.count()), true}});
  throw Failure(ExitStatus::tryAgain, text);
}

// The server is gone: while what.
std::string Session::lost() const {
  std::string text = "The server closed the connection while ";
  if (!greeting_.come())
    text += "its greeting was awaited";
  else if (pipeline_.watching())
    text += "news was awaited";
  else if (!pipeline_.empty())
    text += std::string(pipeline_.oldest()) + " was to be answered";
  else
    text += "nothing was asked of it";
  return text + (connection_.insideResponse() ? ", in the middle of a response" : "");
}

// Requests become commands.

bool Session::mayStart(const Request& request) const {
  if (phase_ == Phase::ready) return !pipeline_.full();
  if (!login_.mayFollow()) return false;
  // Behind AUTHENTICATE only what no capability decides on, and what the server cannot take for an answer to
  // a challenge.
  if (std::holds_alternative<request::Enable>(request.what)) return true;
  auto* list = std::get_if<request::List>(&request.what);
  const Capabilities notYetKnown;
  return list != nullptr && List(*list, notYetKnown).commands({}).front().oneLine();
}

void Session::startRequests() {
  while (!pipeline_.goOn(capabilities_.extensions(), !waiting_.empty()) && !waiting_.empty() &&
         mayStart(waiting_.front())) {
    if (pipeline_.isFree() && compression_.pays(waiting_.front())) {
      startCompress();
      continue;
    }
    Request request = std::move(waiting_.front());
    waiting_.pop_front();
    pipeline_.start(std::move(request), capabilities_.extensions());
  }
}

void Session::startCompress() {
  if (capabilities_.extensions().has(Extension::deflate)) {
    pipeline_.send(Command("COMPRESS DEFLATE"), [this](const StatusResponse& status) { compressed(status); });
    phase_ = Phase::compressing;
  } else if (capabilities_.hasAny("COMPRESS=")) {
    reporter_.log(LogLevel::warning,
                  "Couldn't find a suitable compression algorithm. Not enabling compression.");
  }
}

void Session::compressed(const StatusResponse& status) {
  phase_ = Phase::ready;
  if (status.condition == Condition::ok)
    connection_.startDeflate();
  else
    reporter_.log(LogLevel::debug, "COMPRESS refused: " + status.words());
}

}  // namespace interimap
