#include "net/session.h"

#include <poll.h>

#include <algorithm>
#include <utility>

#include "ipc/failure.h"
#include "net/limits.h"
#include "net/list.h"

namespace interimap {

namespace {

constexpr std::size_t kExcerpt = 200;  // characters of a malformed response in a warning

bool transfersBodies(const Request& request) {
  return std::holds_alternative<request::FetchBodies>(request.what) ||
         std::holds_alternative<request::Append>(request.what);
}

Outbox::Literals literalsOf(const Capabilities& capabilities) {
  return capabilities.has("LITERAL+")   ? Outbox::Literals::plus
         : capabilities.has("LITERAL-") ? Outbox::Literals::minus
                                        : Outbox::Literals::synchronising;
}

}  // namespace

Session::Session(settings::Net& settings, std::unique_ptr<Stream> stream, StartTls startTls,
                 Reporter& reporter, Channel& sync, MessageHeader& header)
    : settings_(settings),
      startTls_(std::move(startTls)),
      reporter_(reporter),
      sync_(sync),
      header_(header),
      connection_(
          std::move(stream), *this,
          [&reporter](LogLevel level, const std::string& text) { reporter.log(level, text); },
          settings.debug) {}

void Session::serve() {
  logIn(*this, settings_);
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
    reporter_.report({connection_.traffic()});
  } catch (const std::exception&) {
    // The server is gone as well, or launch.
  }
}

StatusResponse Session::greeting() {
  while (!greeting_) turn();
  phase_ = Phase::login;
  return *greeting_;
}

StatusResponse Session::run(Command command, Manner manner) {
  std::optional<StatusResponse> answer;
  bool confidential = manner == Manner::alone || manner == Manner::andRequests;
  connection_.setConfidential(confidential);
  if (confidential) forgetCapabilities();  // RFC 3501 section 6.2: they may differ afterwards
  InFlight step;
  step.tag = connection_.send(std::move(command));
  step.step = &answer;
  step.manner = manner;
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

// Milliseconds until patience ends. It does not run while we do not listen.
int Session::timeout() {
  if (reading() && connection_.pending()) return 0;
  if (!awaiting() || !reading()) {
    progress_ = Clock::now();
    return -1;
  }
  auto patience = greeting_ ? limits::kCommand : limits::kGreeting;
  auto left = std::chrono::ceil<std::chrono::milliseconds>(progress_ + patience - Clock::now());
  if (left.count() <= 0)
    throw Failure(ExitStatus::unavailable, std::string("no ") + (greeting_ ? "answer" : "greeting") +
                                               " from the server for " + std::to_string(patience.count()) +
                                               " seconds");
  return static_cast<int>(left.count());
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
  if (connection_.read(most)) progress_ = Clock::now();
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
  return any;
}

void Session::serverGone() {
  if (loggedOut_) return inFlight_.clear();  // sync has no more to ask, and will end this process
  std::string where = connection_.insideResponse() ? " in the middle of a response" : "";
  throw Failure(ExitStatus::unavailable, bye_.empty() ? "0 bytes read (got EOF)" + where
                                                      : "server closed the connection: BYE " + bye_);
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
  return list != nullptr && List(*list, settings_.qresync).commands({}).front().oneLine();
}

void Session::startRequests() {
  while (!waiting_.empty() && mayStart(waiting_.front())) {
    if (settings_.compress && !compressTried_ && transfersBodies(waiting_.front())) {
      startCompress();
      continue;
    }
    Request request = std::move(waiting_.front());
    waiting_.pop_front();
    start(std::move(request));
  }
}

// RFC 4978: only now that there is something to gain, as it costs a round trip in which nothing may be sent.
void Session::startCompress() {
  compressTried_ = true;
  if (!capabilities_.has("COMPRESS=DEFLATE")) {
    if (capabilities_.hasAny("COMPRESS="))
      log(LogLevel::warning, "Couldn't find a suitable compression algorithm. Not enabling compression.");
    return;
  }
  InFlight command;
  command.tag = connection_.send(Command("COMPRESS DEFLATE"));
  inFlight_.push_back(std::move(command));
  phase_ = Phase::compressing;
}

void Session::start(Request request) {
  auto* simple = std::get_if<request::Simple>(&request.what);
  loggedOut_ |= simple != nullptr && simple->verb == request::Simple::Verb::logout;
  RequestId id = request.id;
  ExchangeContext context{.qresync = settings_.qresync,
                          .maxMessageSize = settings_.maxMessageSize,
                          .storing = std::any_of(running_.begin(), running_.end(),
                                                 [](const auto& other) { return other->exchange->stores(); }),
                          .mailboxSelected = selected_,
                          .capabilities = capabilities_,
                          .header = header_};
  auto running = std::make_unique<Running>(Running{id, makeExchange(std::move(request), context), 0, {}});
  selected_ |= running->exchange->selects();
  if (inFlight_.empty()) progress_ = Clock::now();
  for (Command& command : running->exchange->commands(capabilities_)) {
    InFlight entry;
    entry.tag = connection_.send(std::move(command));
    entry.running = running.get();
    entry.index = running->unfinished++;
    inFlight_.push_back(std::move(entry));
  }
  running_.push_back(std::move(running));
  finishRunning();
}

// Responses.

void Session::handle(const Response& response) {
  if (response.text.starts_with("* ")) return untagged(response);
  if (response.text == "+" || response.text.starts_with("+ ")) return continuation();
  tagged(response);
}

void Session::continuation() {
  bool authenticating = !inFlight_.empty() && (inFlight_.front().manner == Manner::alone ||
                                               inFlight_.front().manner == Manner::andRequests);
  if (authenticating && !connection_.outbox().waiting())
    throw Failure(ExitStatus::protocol, "server asks for more than the credentials it was given");
  connection_.outbox().continued();
}

void Session::untagged(const Response& response) {
  auto [parsed, kind] = parseUntagged(response);
  if (!parsed) {
    if (warned_.insert(kind).second)
      log(LogLevel::warning,
          "ignoring a malformed " + kind + " response: " + response.text.substr(0, kExcerpt));
    return;
  }
  if (auto* status = std::get_if<StatusResponse>(&*parsed)) {
    note(status->what);
    if (status->condition == Condition::bye) bye_ = status->what.text;
    if (!greeting_) {
      if (status->condition != Condition::ok && status->condition != Condition::preauth)
        throw Failure(status->condition == Condition::bye ? ExitStatus::unavailable : ExitStatus::protocol,
                      "server refused the connection: " + status->words());
      greeting_ = std::move(*status);
      return;
    }
  } else if (auto* capabilities = std::get_if<Capabilities>(&*parsed)) {
    capabilities_ = std::move(*capabilities);
    if (phase_ == Phase::ready) enterReady();
  }
  if (auto* fetch = std::get_if<FetchResponse>(&*parsed)) fetch->sink = sink_;
  if (!greeting_) throw Failure(ExitStatus::protocol, "not a greeting: " + response.text.substr(0, kExcerpt));
  offer(*parsed);
}

// The oldest that wants it gets it. What a mailbox being selected brings is nobody else's, and nothing is a
// Select's before its turn.
void Session::offer(Untagged& untagged) {
  bool oldest = true;
  for (auto& running : running_) {
    if (running->unfinished == 0) continue;
    bool selects = running->exchange->selects();
    if (selects && !oldest) return;
    AnswersTo answers(*this, *running);
    if (running->exchange->take(untagged, answers) || selects) return;
    oldest = false;
  }
}

void Session::begin(Kind kind, std::uint64_t size, std::string_view before) {
  sink_ = nullptr;
  auto uid = FetchResponse::uidBefore(before);
  for (auto& running : running_) {
    if (running->unfinished == 0) continue;
    if (running->exchange->selects()) return;
    sink_ = running->exchange->sink(kind, uid);
    if (sink_ != nullptr) return sink_->begin(kind, size, before);
  }
}

void Session::octets(std::string_view piece) {
  if (sink_ != nullptr) sink_->octets(piece);
}

void Session::tagged(const Response& response) {
  std::string_view text = response.text;
  auto blank = std::min(text.find(' '), text.size());
  auto status = StatusResponse::parse(text.substr(std::min(blank + 1, text.size())));
  auto command = std::find_if(inFlight_.begin(), inFlight_.end(),
                              [&](const InFlight& entry) { return entry.tag == text.substr(0, blank); });
  if (command == inFlight_.end() || !status || status->condition > Condition::bad)
    throw Failure(ExitStatus::protocol, "Unexpected response: " + response.text.substr(0, kExcerpt));
  note(status->what);
  InFlight entry = std::move(*command);
  inFlight_.erase(command);
  connection_.outbox().completed(entry.tag, status->condition == Condition::ok);
  completed(std::move(entry), *status);
}

void Session::note(const RespText& text) {
  if (text.code == "CAPABILITY") {
    capabilities_ = Capabilities::parse(text.arguments);
    if (phase_ == Phase::ready) enterReady();
  } else if (text.code == "ALERT" && text.text != alert_) {
    // RFC 3501 section 7.1: text that MUST be presented to the user; the same one once.
    alert_ = text.text;
    log(LogLevel::notice, text.text);
  }
}

void Session::completed(InFlight command, const StatusResponse& status) {
  if (command.step != nullptr) {
    if (command.manner == Manner::lastInClear && status.condition == Condition::ok && connection_.unread())
      throw Failure(ExitStatus::protocol,
                    "Data after the STARTTLS reply: possible injection by a man in the middle");
    connection_.setConfidential(false);
    *command.step = status;
    return;
  }
  if (command.running == nullptr) return compressed(status);
  command.running->exchange->completed(command.index, status);
  --command.running->unfinished;
  finishRunning();
}

void Session::compressed(const StatusResponse& status) {
  phase_ = Phase::ready;
  if (status.condition == Condition::ok) {
    connection_.startDeflate();
  } else {
    log(LogLevel::debug, "COMPRESS refused: " + status.words());
  }
}

// Requests are answered in order, whatever order the server works in. Not before login is done: until then it
// is not known that the server has what we need.
void Session::finishRunning() {
  if (phase_ != Phase::ready && phase_ != Phase::compressing) return;
  while (!running_.empty()) {
    Running& oldest = *running_.front();
    for (Answer& answer : std::exchange(oldest.held, {})) sync_.send(pack(std::move(answer)));
    if (oldest.unfinished > 0) return;
    finish(oldest);
    running_.pop_front();
  }
}

void Session::finish(Running& running) {
  AnswersTo answers(*this, running);
  running.exchange->finish(answers);
  answers.send(running.exchange->done());
  noteSelected(running);
}

void Session::AnswersTo::send(What what, Descriptor bodies) {
  Answer answer{running_.id, std::move(what), std::move(bodies)};
  if (session_.running_.front().get() == &running_) return session_.sync_.send(pack(std::move(answer)));
  if (running_.held.size() == limits::kMostHeldAnswers)
    throw Failure(ExitStatus::protocol, "server answers too much out of order");
  running_.held.push_back(std::move(answer));
}

void Session::noteSelected(const Running& running) {
  if (!running.exchange->selects()) return;
  bool another = std::any_of(running_.begin() + 1, running_.end(),
                             [](const auto& later) { return later->exchange->selects(); });
  if (!another) selected_ = running.exchange->done().ok();
}

}  // namespace interimap
