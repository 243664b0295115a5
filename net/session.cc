// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/session.h"

#include <poll.h>

#include <algorithm>
#include <utility>

#include "ipc/failure.h"
#include "net/exchange/list.h"

namespace interimap {

namespace {

constexpr int kLongestPoll = 3'600'000;  // milliseconds

// Octets of message bodies, about.
std::uint64_t transferred(const Request& request) {
  std::uint64_t octets = 0;
  if (auto* fetch = std::get_if<request::FetchBodies>(&request.what))
    return fetch->uids.size() * limits::kLikelyMessage;
  if (auto* append = std::get_if<request::Append>(&request.what))
    for (const request::NewMessage& message : append->messages) octets += message.body.size;
  return octets;
}

Outbox::Literals literalsOf(const Capabilities& capabilities) {
  const ExtensionSet& extensions = capabilities.extensions();
  return extensions.has(Extension::literalPlus)    ? Outbox::Literals::plus
         : extensions.has(Extension::literalMinus) ? Outbox::Literals::minus
                                                   : Outbox::Literals::synchronising;
}

}  // namespace

Session::Session(settings::Net& settings, std::unique_ptr<Stream> stream, StartTls startTls,
                 Reporter& reporter, Channel& sync, MessageHeader& header, Deadlines deadlines)
    : settings_(settings),
      startTls_(std::move(startTls)),
      reporter_(reporter),
      sync_(sync),
      header_(header),
      deadlines_(deadlines),
      log_([&reporter](LogLevel level, const std::string& text) { reporter.log(level, text); }),
      connection_(std::move(stream), *this, log_, settings.debug),
      chatter_(log_) {}

void Session::serve() {
  logIn(*this, settings_);
  toldAtLogin_ = capabilities_;
  enterReady();
  finishRunning();
  while (true) turn();
}

Session::~Session() {
  try {
    if (phase_ == Phase::ready && !loggedOut_ && !connection_.ended() &&
        connection_.outbox().betweenCommands()) {
      connection_.send(Command("LOGOUT"));
      connection_.write();
    }
    chatter_.tell();
    reporter_.report({connection_.traffic()});
  } catch (const std::exception&) {
    // The server is gone as well, or launch.
  }
}

StatusResponse Session::greeting() {
  while (!greeting_) {
    bool late = beforeGreeting_ && Clock::now() - progress_ >= deadlines_.afterAlert && !connection_.unread();
    if (late) greeting_ = std::exchange(beforeGreeting_, std::nullopt);
    if (!late) turn();
  }
  phase_ = Phase::login;
  return *greeting_;
}

StatusResponse Session::run(Command command, Manner manner, sasl::Conversation* conversation) {
  std::optional<StatusResponse> answer;
  bool confidential = manner >= Manner::alone;
  connection_.setConfidential(confidential);
  if (confidential) forgetCapabilities();  // RFC 3501 section 6.2: they may differ afterwards
  InFlight step;
  step.name = command.name();
  step.tag = connection_.send(std::move(command));
  step.step = &answer;
  step.manner = manner;
  step.conversation = conversation;
  inFlight_.push_back(std::move(step));
  phase_ = manner == Manner::andRequests ? Phase::mayFollow : Phase::login;
  while (!answer) turn();
  phase_ = Phase::login;
  return *answer;
}

void Session::enterReady() {
  phase_ = Phase::ready;
  connection_.outbox().setLiterals(literalsOf(capabilities_));
}

// The event loop.

void Session::turn() {
  startRequests();
  if (connection_.write()) progress_ = Clock::now();
  if (takeResponses()) return;
  await();
}

bool Session::reading() const {
  return !connection_.ended() && sync_.queued() < limits::kMostQueuedAnswers &&
         reporter_.queued() < limits::kMostQueuedLines;
}

bool Session::readingRequests() const {
  return waiting_.size() < limits::kMostWaiting && inFlight_.size() < limits::kMostCommands;
}

bool Session::awaiting() const { return !greeting_ || !inFlight_.empty() || connection_.unsent(); }

// Nothing is expected of the server but news.
bool Session::watching() const {
  if (watch_ == nullptr || running_.front()->exchange.get() != watch_ || connection_.unsent()) return false;
  return watch_->idling() || inFlight_.empty();
}

std::chrono::milliseconds Session::patience() const {
  if (watching()) return watch_->seconds();
  if (beforeGreeting_) return deadlines_.afterAlert;
  return greeting_ ? deadlines_.command : deadlines_.greeting;
}

// Milliseconds until patience ends. It does not run while we do not listen.
int Session::timeout() {
  if (reading() && connection_.pending()) return 0;
  bool forNews = watching() && watch_->seconds().count() > 0;
  if (!reading() || !(forNews || (awaiting() && !watching()))) {
    progress_ = Clock::now();
    return -1;
  }
  auto left = std::chrono::ceil<std::chrono::milliseconds>(progress_ + patience() - Clock::now());
  if (left.count() > 0) return static_cast<int>(std::min<std::int64_t>(left.count(), kLongestPoll));
  if (forNews || beforeGreeting_) return 0;
  auto seconds = std::chrono::duration_cast<std::chrono::seconds>(patience()).count();
  bool perhapsTls = !greeting_ && settings_.transport == settings::Transport::imap;
  throw Failure(ExitStatus::unavailable, std::string("no ") + (greeting_ ? "answer" : "greeting") +
                                             " from the server for " + std::to_string(seconds) + " seconds" +
                                             (perhapsTls           ? "; is it a port for TLS (type = imaps)?"
                                              : !inFlight_.empty() ? " to " + inFlight_.front().name
                                                                   : ""));
}

void Session::await() {
  short server = connection_.ended() ? short{0} : connection_.events(reading());
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

void Session::readServer() {
  auto most = phase_ == Phase::compressing ? limits::kReadBeforeDeflate : limits::kReadBuffer;
  connection_.read(most);
  // A greeting is one line: to send it piece by piece is no progress.
  if (greeting_ && connection_.received() - receivedAtProgress_ >= limits::kProgress) noteProgress();
  takeResponses();
  if (connection_.ended()) serverGone();
}

void Session::noteProgress() {
  progress_ = Clock::now();
  receivedAtProgress_ = connection_.received();
}

bool Session::takeResponses() {
  bool any = false;
  while (reading() && connection_.unread()) {
    const Response* response = connection_.next();
    if (response == nullptr) break;
    any = true;
    handle(*response);
  }
  if (any) noteProgress();
  return any;
}

void Session::serverGone() {
  if (loggedOut_) return inFlight_.clear();  // sync has no more to ask, and will end this process
  throw Failure(ExitStatus::unavailable, bye_.empty() ? "0 bytes read (got EOF): " + lost()
                                                      : "server closed the connection: BYE " + bye_);
}

// The server is gone: while what.
std::string Session::lost() const {
  std::string text = "The server closed the connection while ";
  if (!greeting_)
    text += "its greeting was awaited";
  else if (watching())
    text += "news was awaited";
  else if (!inFlight_.empty())
    text += inFlight_.front().name + " was to be answered";
  else
    text += "nothing was asked of it";
  return text + (connection_.insideResponse() ? ", in the middle of a response" : "");
}

void Session::readRequests() {
  while (readingRequests()) {
    auto packet = sync_.receive();
    if (!packet) return;
    waiting_.push_back(readRequest(std::move(*packet)));
  }
}

// Requests become commands.

bool Session::mayStart(const Request& request) {
  if (phase_ == Phase::ready) return inFlight_.size() < limits::kMostCommands;
  if (phase_ != Phase::mayFollow) return false;
  // Behind AUTHENTICATE only what no capability decides on, and what the server cannot take for an answer to
  // a challenge.
  if (std::holds_alternative<request::Enable>(request.what)) return true;
  auto* list = std::get_if<request::List>(&request.what);
  return list != nullptr && List(*list).commands({}).front().oneLine();
}

void Session::startRequests() {
  while (!goOn() && !waiting_.empty() && mayStart(waiting_.front())) {
    if (!compressTried_ && compressionPays(waiting_.front())) {
      startCompress();
      continue;
    }
    Request request = std::move(waiting_.front());
    waiting_.pop_front();
    start(std::move(request));
  }
}

// Negotiating costs a round trip in which nothing may be sent, and servers compress at some 20 MB/s: slower
// than a network sends on which an answer takes no time.
bool Session::compressionPays(const Request& next) {
  std::uint64_t octets = transferred(next);
  if (octets == 0 || settings_.compress == settings::Compress::no) return false;
  bodies_ += octets;
  if (settings_.compress == settings::Compress::yes) return true;
  return bodies_ >= limits::kWorthCompressing && quickest_ >= deadlines_.nearby;
}

// RFC 4978
void Session::startCompress() {
  compressTried_ = true;
  if (!capabilities_.extensions().has(Extension::deflate)) {
    if (capabilities_.hasAny("COMPRESS="))
      log(LogLevel::warning, "Couldn't find a suitable compression algorithm. Not enabling compression.");
    return;
  }
  InFlight command;
  command.name = "COMPRESS";
  command.tag = connection_.send(Command("COMPRESS DEFLATE"));
  inFlight_.push_back(std::move(command));
  phase_ = Phase::compressing;
}

// An Expunge stores as well, in its own mailbox.
bool Session::storing() const {
  bool storing = false, expunging = false;
  for (const auto& each : running_) {
    const Exchange* exchange = each->exchange.get();
    storing |= exchange->stores();
    expunging |= exchange->expunges();
    if (exchange->selects()) expunging = false;
  }
  return storing || expunging;
}

void Session::start(Request request) {
  auto* simple = std::get_if<request::Simple>(&request.what);
  loggedOut_ |= simple != nullptr && simple->verb == request::Simple::Verb::logout;
  bool unselects = simple != nullptr && simple->verb == request::Simple::Verb::unselect &&
                   capabilities_.extensions().has(Extension::unselect);
  RequestId id = request.id;
  ExchangeContext context{.maxMessageSize = settings_.maxMessageSize,
                          .modSequences = modSequences_,
                          .storing = storing(),
                          .mailboxSelected = selected_,
                          .capabilities = toldAtLogin_,
                          .news = news_,
                          .log = log_,
                          .header = header_};
  auto running = std::make_unique<Running>(Running{id, makeExchange(std::move(request), context), 0, {}});
  selected_ = selected_ && !unselects;
  watch_ = running->exchange->watch();
  if (watch_ != nullptr) progress_ = Clock::now();
  running_.push_back(std::move(running));
  sendCommands(*running_.back(), running_.back()->exchange->commands(capabilities_.extensions()));
  finishRunning();
}

void Session::sendCommands(Running& running, std::vector<Command> commands) {
  if (inFlight_.empty() && !commands.empty()) progress_ = Clock::now();
  for (Command& command : commands) {
    InFlight entry;
    entry.name = command.name();
    entry.tag = connection_.send(std::move(command));
    entry.running = &running;
    entry.index = running.unfinished++;
    inFlight_.push_back(std::move(entry));
  }
  selected_ |= running.exchange->selects();
}

// Carries on with an exchange that has more commands to come; true as long as it lasts: what is behind it
// waits.
bool Session::goOn() {
  if (watch_ != nullptr) keepWatch();
  if (running_.empty() || !running_.back()->exchange->hasMore()) return false;
  if (inFlight_.empty()) {
    Running& last = *running_.back();
    sendCommands(last, last.exchange->more(capabilities_.extensions()));
  }
  return running_.back()->exchange->hasMore();
}

// Ends with news or the next request.
void Session::keepWatch() {
  if (running_.front()->exchange.get() != watch_) return;
  bool over = news_.any || !waiting_.empty();
  bool silent = watching() && watch_->seconds().count() > 0 && Clock::now() - progress_ >= watch_->seconds();
  if (watch_->idling()) {
    if (!over && !silent) return;
    watch_->leave();
    connection_.outbox().continued();
    progress_ = Clock::now();
  } else if (inFlight_.empty()) {
    if (silent) watch_->silent();
    if (!over) return;
    watch_->end();
    watch_ = nullptr;
    news_.any = false;
    finishRunning();
  }
}

}  // namespace interimap
